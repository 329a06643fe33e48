"""A run that is killed at any outside effect and started again ends where an undisturbed run does."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect import Flow

from flows.provision import provision
from flows.scale import scale
from flows.teardown import teardown
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.memory import MemoryProvider
from tests.support.children import run

pytestmark = [pytest.mark.prefect, pytest.mark.proof]

Step = tuple[Flow[..., Any], dict[str, Any]]
SPEC: dict[str, Any] = {
    "name": "shop",
    "target": {"provider": "memory"},
    "services": {"web": {"command": "run", "port": 80, "replicas": {"min": 2, "max": 5}}},
    "needs": {"database": "postgres", "cache": "valkey"},
}
COUNTED_SPEC = {**SPEC, "target": {"provider": "memory", "counted": True}}
PROVISIONED: Step = (provision, {"spec": SPEC, "source": "/srv"})
COUNTED: Step = (provision, {"spec": COUNTED_SPEC, "source": "/srv"})
GROWN: Step = (scale, {"stack": "shop", "service": "web", "replicas": 4})
SHRUNK: Step = (scale, {"stack": "shop", "service": "web", "replicas": 2})

CASES: dict[str, tuple[list[Step], Step]] = {
    "provision": ([], PROVISIONED),
    "scale out": ([PROVISIONED], GROWN),
    "scale in": ([PROVISIONED, GROWN], SHRUNK),
    "teardown": ([PROVISIONED], (teardown, {"stack": "shop"})),
    "teardown with its data": ([PROVISIONED], (teardown, {"stack": "shop", "delete_data": True})),
    "provision, counted": ([], COUNTED),
    "scale out, counted": ([COUNTED], GROWN),
    "scale in, counted": ([COUNTED, GROWN], SHRUNK),
    "teardown, counted": ([COUNTED], (teardown, {"stack": "shop"})),
}


@pytest.mark.parametrize("name", CASES)
def test_killed_at_every_outside_effect(
    name: str, home: Path, prefect_server: None, record_property: Callable[[str, object], None]
) -> None:
    before, (flow, parameters) = CASES[name]
    for step in before:
        assert run(*step).state == "COMPLETED"
    start, wanted = home.with_name("start"), home.with_name("wanted")
    if home.exists():
        shutil.copytree(home, start)
    undisturbed = run(flow, parameters, only=after_an_effect)
    assert undisturbed.state == "COMPLETED", undisturbed.message
    end = world(home)
    home.rename(wanted)
    for number, point in enumerate(undisturbed.points, 1):
        if start.exists():
            shutil.copytree(start, home)
        killed = run(flow, parameters, at=number, only=after_an_effect)
        assert killed.state is None, f"it was not killed {point}"
        again = run(flow, parameters)
        if not forgotten(again.message, parameters):
            assert again.state == "COMPLETED", f"killed {point}: {again.message}"
        assert world(home) == end, f"killed {point}"
        assert [one.state for one in runs()].count("crashed") <= 1, f"killed {point}"
        shutil.rmtree(home)
    record_property("points", len(undisturbed.points))


def after_an_effect(point: str) -> bool:
    """Before the next effect the world is the same as after the last, so one of the two is enough."""
    return point.startswith("after")


def world(home: Path) -> list[Any]:
    """Everything that is there, without what may differ: times, and how often a thing was made."""
    return [
        (instance.address, instance.fingerprint, instance.health.state, dict(instance.bindings), dict(instance.outputs))
        for instance in MemoryProvider(home / "memory").observe("shop")
    ]


def runs() -> tuple[Any, ...]:
    with Ledger.open(settings()) as ledger:
        return ledger.runs.history("shop", 100)


def forgotten(message: str, parameters: dict[str, Any]) -> bool:
    """A teardown with its data, killed after its very last write, has nothing left to do: it says so."""
    return bool(parameters.get("delete_data")) and message.startswith("No stack is called `shop`")
