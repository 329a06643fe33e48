"""What cannot be repaired is tried more and more seldom."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from infra_specs.plan.backoff import Rest, backoff_until, rest_of

pytestmark = pytest.mark.pure


@dataclass(frozen=True)
class Run:
    state: str
    ended: float | None = 1000.0


@pytest.mark.parametrize(
    ("states", "until"),
    [
        ([], None),
        (["done"], None),
        (["done", "failed"], None),
        (["crashed"], None),
        (["failed"], 1060),
        (["failed", "done", "failed"], 1060),
        (["failed", "failed"], 1120),
        (["failed"] * 4, 1480),
        (["failed"] * 8, 4600),
    ],
)
def test_rests_until(states: list[str], until: float | None) -> None:
    assert backoff_until([Run(state) for state in states], 30, 1001.0) == until


@dataclass(frozen=True)
class Attempt(Run):
    address: str = "replica/web-0"


@pytest.mark.parametrize(
    ("attempts", "resting"),
    [
        ([], {}),
        ([Attempt("failed", 990)], {"replica/web-0": 1050}),
        ([Attempt("failed", 930)], {}),
        ([Attempt("failed", 930), Attempt("failed", 900)], {"replica/web-0": 1050}),
        ([Attempt("done", 990), Attempt("failed", 980)], {}),
        ([Attempt("failed", 930), Attempt("done", 900), Attempt("failed", 800)], {}),
        ([Attempt("failed", 990, "proxy/main"), Attempt("done", 985), Attempt("failed", 980, "a/b")],
         {"proxy/main": 1050, "a/b": 1040}),
        ([Attempt("failed", None)], {}),
    ],
)  # fmt: skip
def test_each_address_rests_by_its_own_failures(attempts: list[Attempt], resting: dict[str, float]) -> None:
    rest = rest_of([], attempts, settled=True, every_seconds=30, moment=1000.0)
    assert (rest.stack_until, rest.addresses) == (None, resting)
    assert rest_of([], attempts, settled=False, every_seconds=30, moment=1000.0) == Rest()


@dataclass(frozen=True)
class StackRun(Run):
    verb: str = "reconcile"
    changes: Sequence[Run] = field(default=())


DRIFT = StackRun("failed", changes=(Run("done"), Run("failed")))
OTHER = StackRun("failed", changes=(Run("done"),))


@pytest.mark.parametrize(
    ("runs", "settled", "unsettled"),
    [
        ([], None, None),
        ([DRIFT], None, 1060),
        ([OTHER], 1060, 1060),
        ([DRIFT, OTHER], 1060, 1120),
        ([StackRun("done"), OTHER], None, None),
        ([StackRun("failed", verb="run"), DRIFT], None, 1060),
        ([StackRun("crashed", changes=(Run("failed"),)), OTHER], None, None),
    ],
)
def test_a_settled_stack_rests_as_a_whole_only_after_what_no_change_failed_at(
    runs: list[StackRun], settled: float | None, unsettled: float | None
) -> None:
    assert rest_of(runs, [], settled=True, every_seconds=30, moment=1001.0).stack_until == settled
    assert rest_of(runs, [], settled=False, every_seconds=30, moment=1001.0).stack_until == unsettled


def test_a_run_that_is_not_over_is_not_waited_for() -> None:
    assert backoff_until([Run("failed", None)], 30, 1001.0) is None


def test_it_rests_no_longer_than_that_and_not_until_a_time_that_was_set_back() -> None:
    assert backoff_until([Run("failed")], 30, 1059.9) == 1060
    assert backoff_until([Run("failed")], 30, 1060.0) is None
    assert backoff_until([Run("failed", 4600.0)], 30, 1001.0) is None
