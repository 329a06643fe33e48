"""Times in which people are not told: quiet hours, and silences that somebody asked for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

LONGEST_WITHOUT_REASON = 7 * 86_400.0
"""Seconds of a silence that needs no reason."""
_QUIET = re.compile(r"(?P<begin>[0-9]{2}:[0-9]{2})-(?P<end>[0-9]{2}:[0-9]{2}) (?P<zone>\S+)")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` until `end`, in minutes of the day by the clock on the wall; over midnight if `end` is earlier."""

    begin: int
    end: int
    zone: str

    @staticmethod
    def of(text: str) -> "QuietHours":
        """`22:00-07:00 Europe/Berlin`, as the stack's file has been checked to have it."""
        match = _QUIET.fullmatch(text)
        assert match, "the spec was checked"
        return QuietHours(_minute(match["begin"]), _minute(match["end"]), match["zone"])

    def holds(self, moment: float) -> bool:
        """Whether it is quiet at a moment, in seconds since the epoch."""
        wall = datetime.fromtimestamp(moment, ZoneInfo(self.zone))
        minute = wall.hour * 60 + wall.minute
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody is told of this stack from `since` until `until`, and why. Moments are seconds since the epoch."""

    stack: str
    since: float
    until: float
    why: str = ""
    who: str = ""

    def holds(self, moment: float) -> bool:
        """Whether it is silent at a moment."""
        return self.since <= moment < self.until


def is_silenced(silences: Iterable[Silence], stack: str, moment: float) -> bool:
    """Whether one of these silences is the stack's, and holds."""
    return any(silence.stack == stack and silence.holds(moment) for silence in silences)


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
