"""What flows take: every number has two bounds, whoever starts the run."""

import inspect
import json
from typing import Any

import pytest
from prefect import Flow

from flows import (
    advise,
    autoscale,
    backup,
    deploy,
    grow,
    job,
    provision,
    reconcile,
    report,
    restore,
    rollback,
    run,
    scale,
    teardown,
)
from flows.grow import Approval

pytestmark = pytest.mark.pure

MODULES = (
    advise, autoscale, backup, deploy, grow, job, provision, reconcile, report, restore, rollback, run, scale, teardown,
)  # fmt: skip
flows = {name: flow for module in MODULES for name, flow in inspect.getmembers(module) if isinstance(flow, Flow)}
schemas: dict[str, Any] = {name: flow.parameters.model_dump() for name, flow in flows.items()}
schemas["approval"] = Approval.model_json_schema()
numbers = [
    (name, key, field)
    for name, schema in schemas.items()
    for key, field in schema["properties"].items()
    if field.get("type") in ("integer", "number")
]


def test_the_numbers_that_are_known_are_found() -> None:
    known = {("scale", "replicas"), ("deploy", "canary"), ("deploy", "bake"), ("rollback", "release")}
    assert known <= {(name, key) for name, key, _ in numbers}


@pytest.mark.parametrize(("flow", "key", "field"), numbers)
def test_each_has_a_bound_on_both_sides(flow: str, key: str, field: dict[str, Any]) -> None:
    assert {"minimum", "maximum"} <= field.keys(), f"{flow} takes {key}: {json.dumps(field)}"
