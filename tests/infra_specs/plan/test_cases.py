"""The planner's table: each YAML file is one case, wanted + observed -> plan."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra_specs.plan.make_plan import make_plan
from infra_specs.resources.instance import Instance
from tests.infra_specs.plan.world import instance, resource

pytestmark = pytest.mark.pure

cases = [
    pytest.param(case, id=f"{file.stem}: {case['case']}")
    for file in sorted(Path(__file__).parent.glob("cases/*.yaml"))
    for case in yaml.safe_load_all(file.read_text())
]


@pytest.mark.parametrize("case", cases)
def test_plan(case: dict[str, Any]) -> None:
    wanted = {address: resource(address, data) for address, data in case.get("wanted", {}).items()}
    asked = {
        "delete_data": case.get("delete_data", False),
        "moment": case.get("moment"),
        "resting": case.get("resting", ()),
    }
    plan = make_plan("shop", wanted.values(), _observed(case, wanted), **asked)
    assert [[str(change) for change in wave] for wave in plan.waves] == case.get("plan", [])
    assert [str(skipped) for skipped in plan.skipped] == case.get("kept", [])
    assert plan.summary == case.get("summary", plan.summary)


def _observed(case: dict[str, Any], wanted: dict[str, Any]) -> tuple[Instance, ...]:
    """`of` names a wanted resource; `is` overrides what it was made from."""
    seen = []
    for data in case.get("observed", []):
        address = data["of"]
        made_from = {**case.get("wanted", {}).get(address, {}), **data.get("is", {})}
        seen.append(instance(resource(address, made_from), data))
    return tuple(seen)
