"""What demand will be when a replica that is asked for now serves, and by how much that may be wrong.

Several simple forecasters run side by side: averages over the last moment up to the last quarter of an hour, and lines
through the last moments. Each is held to what it said when its time comes, and the one that has been least wrong of
late is believed: a service whose demand drifts is followed at once, one whose demand only trembles is averaged. Its own
errors are the headroom, so nobody sets one. They are measured relative to the square root of the level, as independent
arrivals vary (Poisson: variance = mean; requests that come in bunches: a multiple of it).
"""

import math
from dataclasses import dataclass

from infra_specs.scaling.memory import Forecasts

averages = (1.0, 4.0, 12.0, 30.0, 60.0)
"""Checks that the means reach over (1 / weight of the newest)."""
lines = (2.0, 4.0)
"""The same of the lines, for their level and for their slope (Holt's linear trend)."""
slope_checks = 1.0
"""Intervals for which a slope is believed: one that lasts longer than it was seen for is a hope (a damped trend)."""
longest_lead = 20
"""Intervals beyond which nothing is foretold."""
judged_over = 360
"""Checks over which errors are averaged: 1.5 hours of 15 s."""
first_error = 0.25
"""Before anything was learned: one full replica's worth of demand varies by half of one."""
least_error = 0.01
"""What a demand that stood still may vary by all the same."""
least_level = 0.5
"""Replicas below which a level does not make its errors count for more."""
jump_deviations = 4.0
"""Deviations beyond which demand has not varied but jumped: believed at once, and learned from as if it were these."""
jump_checks = 20.0
"""Checks over which a jump that was none is forgotten."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """In full replicas' worth: where the demand is, where it is going, and `variance` over level of being wrong."""

    level: float
    ahead: float
    """Of the same forecaster, at the time a new replica serves; never below the level."""
    variance: float

    def deviation(self, level: float) -> float:
        """The standard deviation of what arrives when `level` is expected."""
        return math.sqrt(self.variance * max(level, least_level))


def forecast(
    known: Forecasts, unit: str, value: float, at: float, *, interval: float, lead: float
) -> tuple[Forecast, Forecasts]:
    """Take in what was measured `at` and say what will be `lead` seconds on.

    For equal `known`, a higher value never gives a lower forecast: what is said now rests on the errors known before.
    """
    if known.unit != unit or len(known.levels) != len(averages) + len(lines):
        known = _new(unit, value)
    best = min(range(len(known.errors)), key=known.errors.__getitem__)
    variance = max(known.errors[best], least_error)
    deviation = math.sqrt(variance * max(known.levels[best], least_level))
    errors, due = _judged(known, value, at, interval)
    levels, slopes = _moved(known, value)
    said = tuple(levels[: len(averages)]) + tuple(
        max(0.0, levels[len(averages) + i] + slope * slope_checks) for i, slope in enumerate(slopes)
    )
    level = levels[best]
    jump = max(known.jump * (1 - 1 / jump_checks), value - jump_deviations * deviation - level, 0.0)
    lead = min(lead, longest_lead * interval)
    learned = Forecasts(unit, known.checks + 1, levels, slopes, errors, jump, (*due, (at + lead, said)))
    return Forecast(level + jump, max(level, said[best]) + jump, variance), learned


def _new(unit: str, value: float) -> Forecasts:
    count = len(averages) + len(lines)
    return Forecasts(unit, 0, (value,) * count, (0.0,) * len(lines), (first_error,) * count)


def _judged(
    known: Forecasts, value: float, at: float, interval: float
) -> tuple[tuple[float, ...], tuple[tuple[float, tuple[float, ...]], ...]]:
    """The errors with what was due now in them, and what is still due. What fell due while nothing was seen is lost."""
    soon = at + interval / 2
    due = tuple(one for one in known.due if one[0] > soon)
    if len(due) == len(known.due) or known.due[len(known.due) - len(due) - 1][0] < at - interval / 2:
        return known.errors, due
    said = known.due[len(known.due) - len(due) - 1][1]
    weight = 1.0 / min(known.checks + 8, judged_over)
    errors = []
    for error, expected in zip(known.errors, said, strict=True):
        off = value - expected
        squared = off * off / (expected if expected > least_level else least_level)
        most = jump_deviations * jump_deviations * (error if error > least_error else least_error)
        errors.append(error + ((squared if squared < most else most) - error) * weight)
    return tuple(errors), due


def _moved(known: Forecasts, value: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    levels = [level + (value - level) / checks for level, checks in zip(known.levels, averages, strict=False)]
    slopes = []
    for checks, level, slope in zip(lines, known.levels[len(averages) :], known.slopes, strict=True):
        now = level + (value - level) / checks
        levels.append(now)
        slopes.append(slope + (now - level - slope) / checks)
    return tuple(levels), tuple(slopes)
