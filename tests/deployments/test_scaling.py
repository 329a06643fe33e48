"""Scaling for real: users that come, growth that is asked for, and checks that stop."""

from typing import Any

import pytest

from deployments.server.watchdog import AUTOMATION_NAME
from tasks.base.settings import settings
from tasks.ledger import KeptDecision, Ledger
from tasks.providers.memory import MemoryProvider
from tasks.providers.memory.simulated_load import Load
from tests.deployments.installations import autoscale_seconds
from tests.deployments.plane import Plane
from tests.deployments.scaling import checked_again, provisioned, replicas
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.proof]


def decisions(stack: str) -> tuple[KeptDecision, ...]:
    with Ledger.open(settings()) as ledger:
        return ledger.decisions.recent(stack, "web", 100)


def events(plane: Plane, name: str) -> list[dict[str, Any]]:
    asked = {"event": {"name": [name]}}
    return list(plane.post("/events/filter", filter=asked, limit=50)["events"])


def test_users_come_and_a_scale_run_follows_that_says_why(plane: Plane, memory: MemoryProvider) -> None:
    provisioned(plane, "busy")
    memory.set_load("busy", "web", Load(requests_per_second=50, latency=0.2))
    wait_until(lambda: replicas(memory, "busy") >= 3, "10 requests in flight have replicas for 4 each")
    run = next(run for run in reversed(plane.runs("scale")) if run["parameters"]["stack"] == "busy")
    record = next(decision for decision in decisions("busy") if decision.flow_run_id == run["id"])
    assert run["parameters"]["reason"] == record.decision.reason
    assert plane.ended(run["id"])["type"] == "COMPLETED"
    table = plane.post("/artifacts/filter", artifacts={"key": {"any_": ["why-busy-web"]}}, sort="CREATED_DESC")
    assert record.decision.steps[0].reason in table[-1]["data"]


def resumed(plane: Plane, run: str, **answer: Any) -> dict[str, Any]:
    """A run that waits for an answer is given it, and ends."""
    plane.wait_until(run, "PAUSED")
    plane.post(f"/flow_runs/{run}/resume", run_input=answer)
    return plane.ended(run)


def test_growth_waits_for_a_persons_word(plane: Plane) -> None:
    provisioned(plane, "shoot")
    run = plane.submit("grow", stack="shoot")
    assert resumed(plane, run, approve=False)["message"] == "not approved, so nothing was changed"
    run = plane.submit("grow", stack="shoot")
    asked = {"users": 5000, "headroom": 20, "budget": 0, "others": {"services": {"web": {"replicas": {"max": 16}}}}}
    done = resumed(plane, run, approve=True, **asked)
    assert done["type"] == "COMPLETED", done
    with Ledger.open(settings()) as ledger:
        known = ledger.stacks.find("shoot")
    assert known is not None
    assert (known.spec["users"]["monthly"], known.spec["headroom"], known.spec["budget"]) == (5000, 20, None)
    assert known.spec["services"]["web"]["replicas"] == {"min": 1, "max": 16}
    assert plane.run("grow", stack="nobody")["type"] == "FAILED"


def test_what_was_shown_is_done_to_the_stack_as_it_is_by_then(plane: Plane, memory: MemoryProvider) -> None:
    provisioned(plane, "patient")
    memory.set_load("patient", "web", Load(requests_per_second=100, latency=0.2))
    wait_until(lambda: replicas(memory, "patient") >= 6, "20 requests in flight have replicas for 4 each")
    first, second = (plane.submit("grow", stack="patient") for _ in range(2))
    for run in (first, second):
        plane.wait_until(run, "PAUSED")
    provisioned(plane, "patient", budget=70, headroom=20)
    assert resumed(plane, first, approve=True)["type"] == "COMPLETED"
    with Ledger.open(settings()) as ledger:
        known = ledger.stacks.find("patient")
    assert known is not None
    assert known.spec["services"]["web"]["replicas"] == {"min": 1, "max": 16}, "as it was shown"
    assert (known.spec["budget"], known.spec["headroom"]) == (70, 20), "as somebody raised them meanwhile"
    late = resumed(plane, second, approve=True)
    assert late["type"] == "FAILED"
    assert "services.web.replicas.max is 16 and was 8. Nothing was done." in late["message"]


def test_when_no_check_comes_any_more_three_notice(plane: Plane) -> None:
    checked_again()
    plane.pause("autoscale", paused=True)
    try:
        log = plane.home / "control" / "runner.log"
        wait_until(
            lambda: f"No service is scaled: a check is due every {autoscale_seconds} s" in log.read_text(),
            "the log says so",
        )
        wait_until(lambda: events(plane, "tenfold.autoscale.silent"), "an event says so")
        wait_until(lambda: triggered(plane), "the server's own automation has noticed")
    finally:
        plane.pause("autoscale", paused=False)
    wait_until(lambda: events(plane, "tenfold.autoscale.back"), "it is said that they are back")


def triggered(plane: Plane) -> list[dict[str, Any]]:
    found = events(plane, "prefect.automation.triggered")
    return [event for event in found if event["resource"]["prefect.resource.name"] == AUTOMATION_NAME]
