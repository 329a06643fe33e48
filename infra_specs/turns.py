"""The order in which runs of one stack are carried out: that in which they were asked for."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Ticket:
    """The place of a run in the queue of its stack."""

    asked: float
    """When the run was asked for, in seconds since the epoch."""
    run: str
    """The id of the flow run: it decides between two that were asked for at once."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether it is a run's turn: nobody is before it, and nobody overtook it."""

    before: int
    """Waiting runs that were asked for earlier."""
    overtaken_by: Ticket | None = None
    """A run that was asked for later and was carried out already."""


def turn(ticket: Ticket, waiting: Iterable[Ticket], last: Ticket | None, now: float) -> Turn:
    """The turn of a run among those that wait. `last` is the one that was carried out last, `now` the time.

    A `last` that was asked for in the future is from before the clock was set back, and overtook nobody.
    """
    before = sum(other < ticket for other in waiting)
    overtaken = last is not None and ticket < last and last.asked <= now
    return Turn(before, last if overtaken else None)
