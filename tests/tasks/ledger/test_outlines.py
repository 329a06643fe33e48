"""Releases, runs, decisions and peaks in a line each, as a page shows them."""

from dataclasses import replace

import pytest

from infra_specs.overview.report import CountDecision
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.selection import ReleaseState
from tasks.ledger import Lease, Ledger, Owner
from tests.tasks.ledger.checking import began, checked, checks, decided, keep, key, seen

__all__ = ["checks"]


def test_runs_are_listed_with_how_much_they_changed(ledger: Ledger, me: Owner) -> None:
    lease = ledger.locks.acquire("shop", me, 600)
    for number in range(3):
        run = ledger.runs.begin(lease, "deploy", f"release {number}", {"waves": []})
        for address in ["replica/web-0", "replica/web-1"][:number]:
            change = {"action": "create", "address": address, "reason": "missing", "text": "+"}
            ledger.runs.intend(lease, run, change)
        ledger.runs.finish(lease, run, "done", "as planned")
    shown = ledger.outlines.changes("shop", 2)
    assert [(run.reason, run.changes, run.state) for run in shown] == [
        ("release 2", 2, "done"),
        ("release 1", 1, "done"),
    ]
    assert ledger.outlines.changes("blog", 2) == ledger.outlines.releases("blog") == ()


def test_releases_are_listed_with_the_flow_runs_that_began_them(ledger: Ledger, me: Owner) -> None:
    for number in (1, 2):
        lease = ledger.locks.acquire("shop", replace(me, flow_run_id=f"flow {number}"), 600)
        ledger.stacks.set_desired(lease, "shop", {"name": "shop", "target": {"provider": "memory"}}, "/srv")
        content = ReleaseManifest({}, {}, {"web": f"shop:{number}"})
        ledger.releases.begin(lease, "deploy", "", content=content, file=content)
        ledger.releases.prove(lease, number)
        ledger.locks.release(lease)
    second, first = ledger.outlines.origins("shop")
    assert [(release.number, release.flow_run_id) for release in (second, first)] == [(2, "flow 2"), (1, "flow 1")]
    assert {first.state, second.state} == {ReleaseState.HEALTHY}
    assert first.content != second.content


def test_the_last_reason_and_the_decisions_that_changed_a_count(ledger: Ledger, checks: Lease) -> None:
    for at, before, after in ((0, 2, 2), (600, 2, 5), (1200, 5, 3)):
        decision = decided(began + at, before, after, "demand")
        keep(ledger, checks, began + at, checked(began + at, decision=decision))
    assert ledger.outlines.reasons() == {key: "web: 5 to 3 replicas: demand"}
    assert ledger.outlines.decisions("shop", began + 1) == (
        CountDecision(began + 1200, 5, 3, True, "web: 5 to 3 replicas: demand"),
        CountDecision(began + 600, 2, 5, True, "web: 2 to 5 replicas: demand"),
    )


def test_the_peak_of_each_day(ledger: Ledger, checks: Lease) -> None:
    for at, in_flight in ((0, 4.0), (300, 9.0), (86_400, 2.0), (86_700, None)):
        keep(ledger, checks, began + at, checked(began + at, measured=seen(began + at, in_flight)))
    day = began // 86_400
    assert ledger.outlines.daily_peaks("shop", began) == {"web": [(day, 9.0), (day + 1, 2.0)]}
    assert ledger.outlines.daily_peaks("shop", began + 86_400) == {"web": [(day + 1, 2.0)]}
    assert ledger.outlines.daily_peaks("blog", began) == {}


def test_the_latest_window_of_each_service(ledger: Ledger, checks: Lease) -> None:
    for at in (0, 15, 30):
        keep(ledger, checks, began + at, checked(began + at, measured=seen(began + at, float(at))))
    absent = seen(began + 45, None, status="absent")
    keep(ledger, checks, began + 45, checked(began + 45, measured=absent))
    assert ledger.measurements.latest(began + 50, 900.0)[key].in_flight == pytest.approx(30.0)
    assert ledger.measurements.latest(began + 5000, 900.0) == {}
