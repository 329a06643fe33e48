"""Which stacks the timer looks at as often as usual, though their targets tell of drift."""

import pytest

from infra_specs.plan.timer import TimedStack
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.selection import ReleaseState
from infra_specs.releases.watch import Before, Watch
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.reading.load import load
from tasks.ledger import Lease, Ledger
from tasks.ledger.database import Database
from tasks.ledger.tables import runs
from tasks.ledger.troubled import TROUBLE_SECONDS

CONTENT = ReleaseManifest({"web": Service(image="app:1")}, {})


def known(ledger: Ledger, lease: Lease, provider: str = "local") -> None:
    stack = load(f"{{name: shop, target: {{provider: {provider}}}, services: {{web: {{command: run, port: 80}}}}}}")
    ledger.stacks.set_desired(lease, "shop", stack.model_dump(mode="json", by_alias=True), "/srv")


def ended(ledger: Ledger, lease: Lease, verb: str, state: str) -> None:
    run = ledger.runs.begin(lease, verb, "drift", {})
    ledger.runs.finish(lease, run, "failed" if state == "failed" else "done", "")


@pytest.mark.parametrize(("provider", "tells"), [("local", True), ("memory", False)])
def test_the_target_says_whether_it_tells(ledger: Ledger, lease: Lease, provider: str, tells: bool) -> None:
    assert ledger.stacks.timed() == ()
    known(ledger, lease, provider)
    assert ledger.stacks.timed() == (TimedStack(tells=tells, settled=True),)
    ledger.stacks.mark_torn_down(lease)
    assert ledger.stacks.timed() == ()


def test_a_stack_that_cannot_be_read_tells_nothing(ledger: Ledger, lease: Lease) -> None:
    ledger.stacks.set_desired(lease, "shop", {"name": "shop", "target": {"provider": "local"}, "odd": 1}, "/srv")
    assert ledger.stacks.timed() == (TimedStack(tells=False, settled=True),)


@pytest.mark.parametrize(
    ("verb", "state", "settled"),
    [("reconcile", "done", True), ("reconcile", "failed", False), ("deploy", "failed", False), ("run", "failed", True)],
)
def test_a_run_that_failed_counts_for_a_while(
    ledger: Ledger, lease: Lease, database: Database, verb: str, state: str, settled: bool
) -> None:
    known(ledger, lease)
    ended(ledger, lease, verb, state)
    ended(ledger, lease, "scale", "done")
    assert ledger.stacks.timed() == (TimedStack(tells=True, settled=settled),)
    with database.write() as connection:
        connection.execute(runs.update().values(ended=runs.c.ended - TROUBLE_SECONDS))
    assert ledger.stacks.timed() == (TimedStack(tells=True, settled=True),)


def test_a_copy_that_is_not_ready_counts(ledger: Ledger, lease: Lease) -> None:
    known(ledger, lease)
    ledger.unready.observe(lease, {("replica/web-0", 1): 100.0})
    assert ledger.stacks.timed() == (TimedStack(tells=True, settled=False),)
    ledger.unready.observe(lease, {})
    assert ledger.stacks.timed() == (TimedStack(tells=True, settled=True),)


def test_a_release_counts_until_it_was_rolled_out_and_watched(ledger: Ledger, lease: Lease) -> None:
    known(ledger, lease)
    ledger.releases.begin(lease, "deploy", "new", content=CONTENT, file=CONTENT)
    assert ledger.stacks.timed() == (TimedStack(tells=True, settled=False),)
    watch = Watch(100.0, {"web": Before(9, 0, (), 0, 60.0)})
    ledger.releases.prove(lease, 1, watch)
    assert ledger.stacks.timed() == (TimedStack(tells=True, settled=False),)
    ledger.releases.end_watch(lease, 1, Watch(100.0, watch.services, "no worse"))
    assert ledger.stacks.timed() == (TimedStack(tells=True, settled=True),)
    ledger.releases.begin(lease, "deploy", "bad", content=CONTENT, file=CONTENT)
    ledger.releases.end(lease, 2, ReleaseState.FAILED, "no room.")
    assert ledger.stacks.timed() == (TimedStack(tells=True, settled=False),)
    ledger.releases.end(lease, 2, ReleaseState.ROLLED_BACK, "no room.")
    assert ledger.stacks.timed() == (TimedStack(tells=True, settled=True),)
