"""What is too old goes some at a time, of every stack; of a forgotten one everything goes at once."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from infra_specs.pricing.month import Spent
from tasks.ledger import Lease, Ledger, Owner, retention
from tasks.ledger.database import Database
from tasks.ledger.tables import changes, metadata, runs
from tests.tasks.ledger.checking import began, checked, checks, decided, keep, key
from tests.tasks.ledger.child import change
from tests.tasks.ledger.conftest import spec

__all__ = ["checks"]

pytestmark = pytest.mark.usefixtures("lease", "ten_stay")
DAY = 86_400.0
late = began + 10 * 365 * DAY
"""When a check comes that trims."""


@pytest.fixture
def ten_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each service, in place of a hundred: each is written to the disk for itself."""
    monkeypatch.setattr(retention, "MIN_DECISIONS", 10)


def made(ledger: Ledger, checks: Lease, number: int, before: int, replicas: int, of: tuple[str, str] = key) -> None:
    """So many decisions, each kept for itself."""
    for _ in range(number):
        keep(ledger, checks, began, checked(began, of=of, decision=decided(began, before, replicas)))
        ledger.decisions.acted(checks, ledger.decisions.recent(*of, 1)[0].id, "run")


def counts(ledger: Ledger) -> dict[int, int]:
    """How many decisions there are by the count that they decided."""
    found = [record.decision.replicas for record in ledger.decisions.recent(*key, 1000)]
    return {count: found.count(count) for count in sorted(set(found))}


@pytest.mark.parametrize(
    ("days", "left"),
    [(13.9, {2: 12, 3: 3}), (14.1, {2: 7, 3: 3}), (90.1, {2: 7, 3: 3})],
)
def test_quiet_decisions_go_after_two_weeks_and_the_last_ones_stay(
    ledger: Ledger, checks: Lease, days: float, left: dict[int, int]
) -> None:
    made(ledger, checks, 12, 2, 2)
    made(ledger, checks, 3, 2, 3)
    keep(ledger, checks, began + days * DAY)
    assert counts(ledger) == left


def test_those_that_changed_something_go_after_ninety_days(ledger: Ledger, checks: Lease) -> None:
    made(ledger, checks, 12, 2, 3)
    keep(ledger, checks, began + 89 * DAY)
    assert counts(ledger) == {3: 12}
    keep(ledger, checks, began + 91 * DAY)
    assert counts(ledger) == {3: 10}


def test_no_check_removes_many(ledger: Ledger, checks: Lease, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MAX_DECISIONS_REMOVED", 2)
    made(ledger, checks, 15, 2, 2)
    for number, left in enumerate((13, 11, 10, 10)):
        keep(ledger, checks, late + 300 * number)
        assert counts(ledger) == {2: left}


def test_most_checks_remove_none(ledger: Ledger, checks: Lease, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MAX_DECISIONS_REMOVED", 1)
    made(ledger, checks, 15, 2, 2)
    for seconds, left in ((0, 14), (15, 14), (285, 14), (300, 13)):
        keep(ledger, checks, late + seconds)
        assert counts(ledger) == {2: left}
    keep(ledger, checks, late + 315, checked(late + 315, decision=decided(late + 315, 2, 3)))
    assert counts(ledger) == {2: 12, 3: 1}, "there is one more"


def test_each_service_keeps_its_own_and_a_stack_that_nobody_checks_any_more_is_trimmed_too(
    ledger: Ledger, checks: Lease, me: Owner
) -> None:
    for stack in ("blog", "wiki"):
        ledger.locks.acquire(stack, me, 600)
    for of in (key, ("shop", "api"), ("blog", "web")):
        made(ledger, checks, 12, 2, 2, of=of)
    keys = (key, ("shop", "api"), ("blog", "web"))
    until(
        lambda: [len(ledger.decisions.recent(*of, 1000)) for of in keys] == [10] * 3,
        lambda number: keep(ledger, checks, late + 300 * number),
    )


def until(reached: Callable[[], bool], again: Callable[[int], object]) -> None:
    """Whose turn it is, is by chance."""
    for number in range(200):
        again(number)
        if reached():
            return
    raise AssertionError("never")


def ran(ledger: Ledger, lease: Lease, number: int) -> None:
    for _ in range(number):
        run = ledger.runs.begin(lease, "scale", "more users", {})
        ledger.runs.outcome(lease, ledger.runs.intend(lease, run, change), "done", "", 1.0)
        ledger.runs.finish(lease, run, "done", "")


def test_old_runs_go_with_their_changes_and_the_last_ones_stay(
    ledger: Ledger, checks: Lease, lease: Lease, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MIN_RUNS", 5)
    monkeypatch.setattr(retention, "MAX_RUNS_REMOVED", 6)
    ran(ledger, lease, 15)
    newest = [run.id for run in ledger.runs.history("shop", 5)]
    moment = ledger.runs.history("shop", 1)[0].began
    keep(ledger, checks, moment + 89 * DAY)
    assert sizes(database) == {"runs": 15, "changes": 15}
    for number, left in enumerate((9, 5, 5)):
        keep(ledger, checks, moment + 91 * DAY + 300 * number)
        assert sizes(database) == {"runs": left, "changes": left}
    assert [run.id for run in ledger.runs.history("shop", 99)] == newest


def sizes(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (runs, changes)
        }


def test_of_a_forgotten_stack_only_who_took_it_down_is_left(
    ledger: Ledger, checks: Lease, lease: Lease, me: Owner, database: Database
) -> None:
    blog = ledger.locks.acquire("blog", me, 600)
    for held in (blog, lease):
        ledger.stacks.set_desired(held, held.stack, {**spec, "name": held.stack}, "/srv")
        ledger.stacks.override(held, "web", 3, "by hand")
        ledger.secrets.set(held.stack, "stripe", "value")
        created = ledger.runs.begin(held, "provision", "asked for", {})
        ledger.runs.outcome(held, ledger.runs.intend(held, created, change), "done", "", 7.0)
        ledger.runs.finish(held, created, "done", "")
    keep(
        ledger, checks, began, *(checked(began, of=(name, "web"), decision=decided(began)) for name in ("blog", "shop"))
    )
    ledger.costs.record(checks, {"blog": Spent("2026-11", 1.0, 1.0), "shop": Spent("2026-11", 1.0, 1.0)})
    before = rows(database, "blog")
    down = ledger.runs.begin(lease, "teardown", "asked for", {})
    ledger.runs.finish(lease, down, "done", "")
    ledger.stacks.forget(lease)
    assert rows(database, "shop") == {"locks": 1, "runs": 1}
    assert [run.verb for run in ledger.runs.history("shop", 10)] == ["teardown"]
    assert ("shop", "web") not in ledger.startup_times.by_service()
    assert rows(database, "blog") == before


def test_a_check_that_was_under_way_leaves_nothing_to_a_later_stack_of_the_name(
    ledger: Ledger, checks: Lease, lease: Lease
) -> None:
    ledger.stacks.set_desired(lease, "shop", spec, "/srv")
    ledger.stacks.forget(lease)
    keep(ledger, checks, began, checked(began, decision=decided(began)))
    ledger.costs.record(checks, {"shop": Spent("2026-11", 1.0, 1.0)})
    ledger.stacks.set_desired(lease, "shop", spec, "/srv")
    assert (ledger.checks.recall("shop"), ledger.decisions.recent("shop", None, 9), ledger.costs.this_month()) == (
        {},
        (),
        {},
    )
    keep(ledger, checks, began, checked(began, decision=decided(began)))
    ledger.stacks.set_desired(lease, "shop", {**spec, "headroom": 5}, "/srv")
    assert len(ledger.decisions.recent("shop", None, 9)) == 1, "the same stack's stay"


def rows(database: Database, stack: str) -> dict[str, int]:
    """How many rows of each table tell of a stack."""
    plans = {}
    with database.read() as connection:
        for table in metadata.sorted_tables:
            column = table.c.get("stack", table.c.get("name"))
            if column is not None:
                query = sa.select(sa.func.count()).select_from(table).where(column == stack)
                plans[table.name] = connection.execute(query).scalar_one()
    return {name: count for name, count in plans.items() if count}
