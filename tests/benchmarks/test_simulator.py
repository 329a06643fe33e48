"""The simulator: no seed fails, and a fault that is put into the product is seen."""

from typing import Any

import pytest

from benchmarks.simulate.events import STACK, Command, Drift, Event, events_of, target_of
from benchmarks.simulate.process import Faults
from benchmarks.simulate.seeds import quick_folder, run_events, simulate
from infra_specs.plan import make_plan
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.ledger.locks import Locks
from tasks.ledger.stacks import Stacks
from tasks.providers.seam import provider

pytestmark = pytest.mark.local

SEEDS = 200
PART = 20
"""Seeds of one test."""
FAILED_ONCE = {
    "killed between the spec and its new secret, a provision left a stack that no reconcile could repair": 324,
    "planned a canary beside a service of which no other replica was asked for: a KeyError": 2,
    "checked the program of a service that the release which was rolled back to does not have: a KeyError": 112,
    "proved a release while an address of it was left alone after a failure": 95,
    "rolled back to one replica with a volume while the file asks for three without: every change was refused": 172,
}
"""What was wrong -> a seed that showed it."""


@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_no_seed_fails(first: int) -> None:
    with quick_folder() as folder:
        failures = [str(failure) for seed in range(first, first + PART) if (failure := simulate(seed, folder))]
    assert not failures, "\n\n".join(failures)


@pytest.mark.parametrize("seed", FAILED_ONCE.values(), ids=FAILED_ONCE)
def test_a_seed_that_failed_once_fails_no_more(seed: int) -> None:
    with quick_folder() as folder:
        assert str(simulate(seed, folder) or "") == ""


@pytest.mark.parametrize("point", range(1, 12))
def test_killed_while_it_records_what_is_new_the_stack_is_repaired(point: int, target: dict[str, Any]) -> None:
    more = provisioned(target, "web", needs={"database": "postgres", "cache": "valkey"})
    killed = Command("provision", more.parameters, Faults(kill_at=point))
    assert not failure_of(provisioned(target, "web"), killed, Drift("vanish", 0))


def test_equal_seeds_give_equal_events() -> None:
    assert [events_of(seed) for seed in range(50)] == [events_of(seed) for seed in range(50)]
    assert len({str(events_of(seed)) for seed in range(50)}) == 50


def provisioned(target: dict[str, Any], *services: str, needs: dict[str, str] | None = None) -> Command:
    """A provision of these services."""
    ports = {"web": {"port": 80}}
    all_of_them = {
        name: {"command": "run", "replicas": {"min": 2, "max": 6}, **ports.get(name, {})} for name in services
    }
    spec = {"name": STACK, "target": target, "services": all_of_them, "needs": needs or {}}
    return Command("provision", {"spec": spec})


def failure_of(*events: Event, seed: int = 0) -> str:
    with quick_folder() as folder:
        failure = run_events(seed, events, folder)
    return str(failure) if failure else ""


@pytest.fixture(params=[0, 1], ids=["slots", "counted"])
def target(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {**target_of(request.param), "late_outputs": 0, "late_endings": 0}


def test_a_planner_that_forgets_to_destroy_is_seen(target: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    events = provisioned(target, "web", "worker"), provisioned(target, "web")
    assert not failure_of(*events)
    monkeypatch.setattr(make_plan, "_remove", lambda *_: None)
    assert "nobody wants it" in failure_of(*events)


def test_a_planner_that_destroys_data_is_seen(target: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    keeps_data = Command("teardown", {"stack": STACK, "delete_data": False})
    events = provisioned(target, "web", needs={"database": "postgres"}), keeps_data
    assert not failure_of(*events)
    remove = make_plan._remove
    monkeypatch.setattr(make_plan, "_remove", lambda instance, draft, *_: remove(instance, draft, True, False))
    assert "where data lives" in failure_of(*events)


def test_a_fence_that_is_not_asked_is_seen(target: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Command("teardown", {"stack": STACK, "delete_data": True})

    def failures() -> list[str]:
        paused = (
            Command("provision", provisioned(target, "web").parameters, Faults(pause_at=call), gone)
            for call in range(4, 44, 2)
        )
        return [failure for command in paused if (failure := failure_of(command))]

    assert not failures()
    monkeypatch.setattr(Locks, "check", lambda *_: None)
    assert any("after another run took the lock" in failure for failure in failures())


def test_an_adoption_that_ignores_the_fingerprint_is_seen(
    target: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    events = provisioned(target, "web"), Drift("change", 0), Command("reconcile")
    assert not failure_of(*events)

    def adopted(_kind: object, earlier: tuple[Instance, ...], _resource: Resource) -> Instance | None:
        return next((instance for instance in earlier if not instance.failed), None)

    monkeypatch.setattr(provider, "_adopted", adopted)
    assert failure_of(*events)


def test_a_scale_that_is_not_kept_is_seen(target: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    events = provisioned(target, "web"), Command("scale", {"stack": STACK, "service": "web", "replicas": 4})
    assert not failure_of(*events)
    monkeypatch.setattr(Stacks, "override", lambda *_: None)
    assert "the ledger's overrides" in failure_of(*events)
