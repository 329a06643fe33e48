"""Runs of one stack are carried out in the order in which they were asked for."""

import pytest

from infra_specs.turns import Ticket, Turn, turn

pytestmark = pytest.mark.pure
NOW = 100.0
A, B, C, C_TOO = Ticket(1, "a"), Ticket(2, "b"), Ticket(3, "c"), Ticket(3, "d")
FUTURE = Ticket(NOW + 3600, "future")


@pytest.mark.parametrize(
    ("ticket", "waiting", "last", "expected"),
    [
        (A, (), None, Turn(0)),
        (A, (A, B, C), None, Turn(0)),
        (C, (A, B, C), None, Turn(2)),
        (C, (C_TOO,), None, Turn(0)),
        (C_TOO, (C,), None, Turn(1)),
        (B, (), A, Turn(0)),
        (A, (), B, Turn(0, B)),
        (A, (A, C), B, Turn(0, B)),
        (A, (), A, Turn(0)),
        (A, (), FUTURE, Turn(0)),
    ],
    ids=[
        "alone", "the first", "the last", "at once, the first", "at once, the second", "after an earlier one",
        "overtaken", "overtaken while it waited", "the same run again", "the clock was set back",
    ],
)  # fmt: skip
def test_turn(ticket: Ticket, waiting: tuple[Ticket, ...], last: Ticket | None, expected: Turn) -> None:
    assert turn(ticket, waiting, last, NOW) == expected
