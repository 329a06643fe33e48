"""What cannot be repaired is tried more and more seldom."""

from dataclasses import dataclass

import pytest

from infra_specs.plan.backoff import backoff_until, resting_addresses

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
    assert resting_addresses(attempts, 30, 1000.0) == resting


def test_a_run_that_is_not_over_is_not_waited_for() -> None:
    assert backoff_until([Run("failed", None)], 30, 1001.0) is None


def test_it_rests_no_longer_than_that_and_not_until_a_time_that_was_set_back() -> None:
    assert backoff_until([Run("failed")], 30, 1059.9) == 1060
    assert backoff_until([Run("failed")], 30, 1060.0) is None
    assert backoff_until([Run("failed", 4600.0)], 30, 1001.0) is None
