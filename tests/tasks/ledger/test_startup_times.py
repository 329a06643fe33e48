"""How long it took from a decision until its replicas served."""

from infra_specs.scaling.decision import Decision
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.scaling_input import ScalingInput
from tasks.base.clock import now
from tasks.ledger import Check, CheckResult, Lease, Ledger, Owner
from tasks.ledger.startup_times import DEFAULT_LEAD


def test_a_services_start_is_the_median_of_its_replicas_last_ones(ledger: Ledger, me: Owner) -> None:
    lease = ledger.locks.acquire("shop", me, 60)
    run = ledger.runs.begin(lease, "provision", "asked for", {})
    created(ledger, lease, run, "replica/web-0", 90.0)
    for slot, seconds in enumerate([2.0, 4.0, 3.0] * 3):
        created(ledger, lease, run, f"replica/web-{slot}", seconds)
    created(ledger, lease, run, "replica/mail-out-1", 7.0)
    created(ledger, lease, run, "database/main", 60.0)
    created(ledger, lease, run, "replica/web-1", 500.0, action="destroy")
    ledger.runs.intend(lease, run, told("replica/web-9", "create"))
    assert ledger.startup_times.by_service() == {
        ("shop", "web"): DEFAULT_LEAD + 3.0,
        ("shop", "mail-out"): DEFAULT_LEAD + 7.0,
    }


def told(address: str, action: str) -> dict[str, str]:
    return {"action": action, "address": address, "reason": "missing", "text": address}


def created(ledger: Ledger, lease: Lease, run: str, address: str, seconds: float, action: str = "create") -> None:
    ledger.runs.outcome(lease, ledger.runs.intend(lease, run, told(address, action)), "done", "", seconds)


def test_what_a_decision_waited_for_its_run_is_counted(ledger: Ledger, me: Owner) -> None:
    checking = ledger.checks.acquire(me, 60)
    at = now() - 100
    decision = Decision(
        "web", at, 2, 3, "web: 2 to 3 replicas", (), ScalingInput("web", at, Measurement(at, 15), 2, 2, 0)
    )
    ids = ledger.checks.record(
        checking, Check(at, 0.1, 1, ""), [CheckResult("shop", "web", Measurement(at, 15), decision=decision)]
    )
    ledger.decisions.acted(checking, ids["shop", "web"], "run-1")
    lease = ledger.locks.acquire("shop", Owner.here("scale", "run-1"), 60)
    run = ledger.runs.begin(lease, "scale", "web: 2 to 3 replicas", {})
    created(ledger, lease, run, "replica/web-2", 5.0)
    assert 105 <= ledger.startup_times.by_service()["shop", "web"] < 160


def test_a_counted_service_starts_as_its_replicas_would(ledger: Ledger, me: Owner) -> None:
    lease = ledger.locks.acquire("shop", me, 60)
    run = ledger.runs.begin(lease, "provision", "", {})
    created(ledger, lease, run, "service/web", 30.0)
    created(ledger, lease, run, "service/web.canary", 50.0)
    created(ledger, lease, run, "service/web-admin", 7.0)
    created(ledger, lease, run, "service/web", 1.0, action="update")
    created(ledger, lease, run, "database/main", 900.0)
    assert ledger.startup_times.by_service() == {
        ("shop", "web"): DEFAULT_LEAD + 40.0,
        ("shop", "web-admin"): DEFAULT_LEAD + 7.0,
    }
