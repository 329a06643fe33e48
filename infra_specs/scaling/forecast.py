"""What demand will be when a replica that is asked for now serves, and by how much that may be wrong.

Several simple forecasters run side by side: averages over the last moment up to the last quarter of an hour, and lines
through the last moments. Each is held to what it said when its time comes, and the one that has been least wrong of
late is believed: a service whose demand drifts is followed at once, one whose demand only trembles is averaged. Its own
errors are the headroom, so nobody sets one. They are measured relative to the square root of the level, as independent
arrivals vary (Poisson: variance = mean; requests that come in bunches: a multiple of it).
"""

import math
from dataclasses import dataclass

from infra_specs.scaling.autoscaler_state import Forecasts

averages = (1.0, 4.0, 16.0, 64.0)
"""Checks that the means reach over (1 / weight of the newest)."""
blend = (1, 3, 0.3)
"""One more: 0.3 of the second mean, the rest of the last, for demand that comes in short crowds over a calm level."""
line_checks = 2.0
"""The same of the line (Holt's linear trend), for its level and for its slope."""
damping = 0.7
"""What is left of a slope with each interval ahead (Gardner and McKenzie's damped trend): few last long."""
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
jump_deviations = 6.0
"""Deviations beyond which demand has not varied but jumped: the means begin anew, and nothing is learned of it."""
jump_checks = 3
"""Checks after a jump in which the line is believed whoever was least wrong: what jumped may be on its way still."""
peak_checks = 240.0
"""The same of the highest demand: an hour of 15 s."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """In full replicas' worth: where the demand is, where it is going, and `variance` over level of being wrong."""

    level: float
    ahead: float
    """Of the same forecaster, at the time a new replica serves; never below the level."""
    variance: float
    peak: float
    """The highest of the last hour, or the level."""

    def deviation(self, level: float) -> float:
        """The standard deviation of what arrives when `level` is expected."""
        return math.sqrt(self.variance * max(level, least_level))


def forecast(
    known: Forecasts, unit: str, value: float, at: float, *, interval: float, lead: float
) -> tuple[Forecast, Forecasts]:
    """Take in what was measured `at` and say what will be `lead` seconds on.

    For equal `known`, a higher value never gives a lower forecast: what is said now rests on the errors known before.
    """
    if known.unit != unit or len(known.errors) != len(averages) + 2:
        known = _new(unit, value)
    best = min(range(len(known.errors)), key=known.errors.__getitem__)
    variance = max(known.errors[best], least_error)
    before, last = _all(known.levels)[best], known.levels[0]
    jumped = abs(value - before) > jump_deviations * math.sqrt(variance * max(before, least_level))
    errors, due = _judged(known, value, at, interval)
    since = 1 if jumped else known.since + 1
    levels, slope = _moved(known, value, since)
    lead = min(lead, longest_lead * interval)
    now = _all(levels)
    said = (*now[:-1], max(0.0, now[-1] + slope * _damped(lead / interval)))
    level, ahead = now[best], max(now[best], said[best])
    if since <= jump_checks and value - last > math.sqrt(variance * max(last, least_level)):  # it rises still
        ahead = max(ahead, said[-1])
    peak = max(level, value, known.peak + (level - known.peak) / peak_checks)
    learned = Forecasts(unit, known.checks + 1, since, levels, slope, errors, peak, (*due, (at + lead, said)))
    return Forecast(level, ahead, variance, peak), learned


def _new(unit: str, value: float) -> Forecasts:
    return Forecasts(unit, 0, 0, (value,) * (len(averages) + 1), 0.0, (first_error,) * (len(averages) + 2), value)


def _all(levels: tuple[float, ...]) -> tuple[float, ...]:
    """Every forecaster's level: the means, the blend, the line."""
    short, long, part = blend
    return (*levels[:-1], part * levels[short] + (1 - part) * levels[long], levels[-1])


def _damped(intervals: float) -> float:
    """For how many intervals a slope counts that is damped over so many."""
    return float(damping * (1 - damping**intervals) / (1 - damping))


def _judged(
    known: Forecasts, value: float, at: float, interval: float
) -> tuple[tuple[float, ...], tuple[tuple[float, tuple[float, ...]], ...]]:
    """The errors with what was due now in them, and what is still due. What fell due while nothing was seen is lost."""
    due = tuple(one for one in known.due if one[0] > at + interval / 2)
    past = len(known.due) - len(due)
    if not past or known.due[past - 1][0] < at - interval / 2:
        return known.errors, due
    weight = 1.0 / min(known.checks + 8, judged_over)
    errors = []
    for error, expected in zip(known.errors, known.due[past - 1][1], strict=True):
        squared = (value - expected) ** 2 / (expected if expected > least_level else least_level)
        varied = squared <= jump_deviations**2 * max(error, least_error)
        errors.append(error + (squared - error) * weight if varied else error)
    return tuple(errors), due


def _moved(known: Forecasts, value: float, since: int) -> tuple[tuple[float, ...], float]:
    """The means of the checks since the last jump and the line's level, the new value in them, and the line's slope."""
    *means, line = known.levels
    moved = [level + (value - level) / min(checks, since) for level, checks in zip(means, averages, strict=True)]
    expected = line + known.slope
    now = expected + (value - expected) / line_checks
    return (*moved, now), known.slope + (now - expected) / line_checks
