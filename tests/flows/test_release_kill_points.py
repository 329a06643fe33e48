"""A deploy or a rollback that is killed at any outside effect: run again it ends as an undisturbed one does, and left
alone the timer brings back what was proven."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect import Flow

from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from flows.rollback import rollback
from infra_specs.releases.watch import Watch
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.ledger import Ledger, Release
from tasks.providers.memory import MemoryProvider
from tasks.providers.memory.simulated_load import Load
from tests.flows.shop import observed
from tests.support.children import Ended, run
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.prefect, pytest.mark.proof]

Run = tuple[Flow[..., Any], dict[str, Any]]
SPEC = {
    "name": "shop",
    "target": {"provider": "memory"},
    "services": {"web": {"command": "run", "before": "migrate", "port": 80, "replicas": 1}},
}
COUNTED_SPEC = {**SPEC, "target": {"provider": "memory", "counted": True}}
PROVISIONED: Run = (provision, {"spec": SPEC, "source": "/srv"})
COUNTED: Run = (provision, {"spec": COUNTED_SPEC, "source": "/srv"})
DEPLOYED: Run = (deploy, {"stack": "shop", "command": "run --new"})
CANARY: Run = (deploy, {**DEPLOYED[1], "canary": 10, "bake": 1})
BAD: Run = (deploy, {"stack": "shop", "command": "false"})
RECONCILED: Run = (reconcile, {"stack": "shop"})
RETURNED: Run = (rollback, {"stack": "shop", "release": 1})
JOB = "after create job/before-web"

CASES: dict[str, tuple[list[Run], Run, str]] = {
    "deploy": ([PROVISIONED], DEPLOYED, "COMPLETED"),
    "deploy with a canary": ([PROVISIONED], CANARY, "COMPLETED"),
    "deploy of a bad one": ([PROVISIONED], BAD, "FAILED"),
    "rollback": ([PROVISIONED, DEPLOYED], RETURNED, "COMPLETED"),
    "deploy, counted": ([COUNTED], DEPLOYED, "COMPLETED"),
    "deploy with a canary, counted": ([COUNTED], CANARY, "COMPLETED"),
    "deploy of a bad one, counted": ([COUNTED], BAD, "FAILED"),
    "rollback, counted": ([COUNTED, DEPLOYED], RETURNED, "COMPLETED"),
}


@pytest.mark.parametrize("name", CASES)
def test_killed_at_every_outside_effect(
    name: str, home: Path, prefect_server: None, record_property: Callable[[str, object], None]
) -> None:
    before, (flow, parameters), ends = CASES[name]
    for step in before:
        assert run(*step).state == "COMPLETED"
    start, proven = home.with_name("start"), serving(home)
    at_points = after_an_effect if name in IN_FULL else of_consequence
    shutil.copytree(home, start)
    undisturbed = run(flow, parameters, only=at_points)
    assert undisturbed.state == ends, undisturbed.message
    end, serves, migrated = world(home), serving(home), job_at(undisturbed)
    for number, point in enumerate(undisturbed.points, 1):
        for after in (again, left_alone) if name in LEFT_ALONE_TOO and of_consequence(point) else (again,):
            shutil.rmtree(home)
            shutil.copytree(start, home)
            killed = run(flow, parameters, at=number, only=at_points)
            assert killed.state is None, f"it was not killed {point}"
            if after is left_alone:
                assert run(reconcile, {"stack": "shop"}).state == "COMPLETED", f"killed {point}"
                expected = serves if newest().state == "proven" else proven
                assert serving(home) == expected, f"killed {point} and left alone"
                assert newest().state in ("proven", "undone"), f"killed {point} and left alone"
                continue
            rerun = run(flow, parameters, only=at_points)
            over = newest().state == "proven" and "nothing to do" in rerun.message
            assert rerun.state == ends or over, f"killed {point}: {rerun.message}"
            assert world(home) == end, f"killed {point}"
            assert newest().state == ("proven" if ends == "COMPLETED" else "undone"), f"killed {point}"
            if ends == "COMPLETED" and migrated is not None and number >= migrated:
                assert JOB not in rerun.points, f"killed {point}, it ran twice"
    record_property("points", len(undisturbed.points))


def test_a_watch_that_is_killed_at_every_outside_effect(
    home: Path, prefect_server: None, record_property: Callable[[str, object], None]
) -> None:
    """It does badly: whichever reconcile is killed while it undoes it, the next ends as an undisturbed one does."""
    assert run(*PROVISIONED).state == "COMPLETED"
    proven = serving(home)
    asked(home, failing=0.0)
    assert run(*DEPLOYED).state == "COMPLETED"
    asked(home, failing=0.9)
    start = home.with_name("start")
    shutil.copytree(home, start)
    undisturbed = run(*RECONCILED, only=after_an_effect)
    assert undisturbed.state == "COMPLETED", undisturbed.message
    assert "after ledger.releases.end" in undisturbed.points
    end, known = world(home), watched()
    assert serving(home) == proven
    assert known[0] == ("undone", True)
    for number, point in enumerate(undisturbed.points, 1):
        shutil.rmtree(home)
        shutil.copytree(start, home)
        assert run(*RECONCILED, at=number, only=after_an_effect).state is None, f"it was not killed {point}"
        rerun = run(*RECONCILED, only=after_an_effect)
        assert rerun.state == "COMPLETED", f"killed {point}: {rerun.message}"
        assert (world(home), watched()) == (end, known), f"killed {point}"
    record_property("points", len(undisturbed.points))


def test_a_watch_whose_end_is_killed_at_every_outside_effect(home: Path, prefect_server: None) -> None:
    """The release after it is as good: its verdict is recorded once, and nothing else changes."""
    spec = {**SPEC, "services": {"web": {**SPEC["services"]["web"], "watch": 1}}}  # type: ignore[dict-item]
    assert run(provision, {"spec": spec, "source": "/srv"}).state == "COMPLETED"
    assert run(*DEPLOYED).state == "COMPLETED"
    end, start = world(home), home.with_name("start")
    wait_until(lambda: now() >= watch_of(newest()).until, "the watch is over")
    shutil.copytree(home, start)
    undisturbed = run(*RECONCILED)
    assert "after ledger.releases.end_watch" in undisturbed.points
    for number, point in enumerate(undisturbed.points, 1):
        shutil.rmtree(home)
        shutil.copytree(start, home)
        assert run(*RECONCILED, at=number).state is None, f"it was not killed {point}"
        assert run(*RECONCILED).state == "COMPLETED", f"killed {point}"
        assert (world(home), watched()) == (end, [("proven", True), ("proven", False)]), f"killed {point}"


def asked(home: Path, failing: float) -> None:
    """Users have asked some thousand times, and this part of their requests has failed."""
    load = Load(20_000.0, failing=failing, since=now() - 0.5)
    MemoryProvider(home / "memory").set_load("shop", "web", load)


def watched() -> list[tuple[str, bool]]:
    """Of each release, the newest first: its state, and whether its watch has come to a verdict."""
    with Ledger.open(settings()) as ledger:
        releases = ledger.releases.all("shop")
        return [(release.state, release.watch is not None and bool(release.watch.verdict)) for release in releases]


def watch_of(release: Release) -> Watch:
    assert release.watch
    return release.watch


IN_FULL = ("deploy", "deploy of a bad one")
"""What the others write into the journal these do too."""
LEFT_ALONE_TOO = ("deploy", "deploy, counted")
again, left_alone = "again", "left alone"


def after_an_effect(point: str) -> bool:
    """Before the next effect the world is the same as after the last, so one of the two is enough."""
    return point.startswith("after")


def of_consequence(point: str) -> bool:
    """What is there has changed, or what the ledger says of the release; the rest is the journal's."""
    return after_an_effect(point) and ("ledger" not in point or "release" in point or "stages" in point)


def job_at(ended: Ended) -> int | None:
    """The number of the point at which the job has been made."""
    return ended.points.index(JOB) + 1 if JOB in ended.points else None


def world(home: Path) -> set[Any]:
    """Everything that is there, without times and without how often a thing was made."""
    return {(instance.address, instance.fingerprint, instance.health.state) for instance in observed(home)}


def serving(home: Path) -> set[Any]:
    """The same without the sick that are kept for their logs."""
    return {row for row in world(home) if row[2] != "failed"}


def newest() -> Release:
    with Ledger.open(settings()) as ledger:
        return ledger.releases.all("shop")[0]
