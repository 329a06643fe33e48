"""What cannot be repaired is tried more and more seldom."""

from dataclasses import dataclass

import pytest

from infra_specs.plan.backoff import backoff_until

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
    assert backoff_until([Run(state) for state in states], 30) == until


def test_a_run_that_is_not_over_is_not_waited_for() -> None:
    assert backoff_until([Run("failed", None)], 30) is None
