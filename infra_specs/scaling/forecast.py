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

AVERAGES = (1.0, 4.0, 16.0, 64.0)
"""Checks that the means reach over (1 / weight of the newest)."""
BLEND = (1, 3, 0.3)
"""One more: 0.3 of the second mean, the rest of the last, for demand that comes in short crowds over a calm level."""
LINE_CHECKS = 2.0
"""The same of the line (Holt's linear trend), for its level and for its slope."""
DAMPING = 0.7
"""What is left of a slope with each interval ahead (Gardner and McKenzie's damped trend): few last long."""
LONGEST_LEAD = 20
"""Intervals beyond which nothing is foretold."""
JUDGED_OVER = 360
"""Checks over which errors are averaged: 1.5 hours of 15 s."""
FIRST_ERROR = 0.25
"""Before anything was learned: one full replica's worth of demand varies by half of one."""
LEAST_ERROR = 0.01
"""What a demand that stood still may vary by all the same."""
LEAST_LEVEL = 0.5
"""Replicas below which a level does not make its errors count for more."""
JUMP_DEVIATIONS = 6.0
"""Deviations beyond which demand has not varied but jumped: the means begin anew, and nothing is learned of it."""
JUMP_CHECKS = 3
"""Checks after a jump in which the line is believed whoever was least wrong: what jumped may be on its way still."""
PEAK_CHECKS = 240.0
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
        return math.sqrt(self.variance * max(level, LEAST_LEVEL))


def forecast(
    history: Forecasts, unit: str, value: float, at: float, *, interval: float, lead: float
) -> tuple[Forecast, Forecasts]:
    """Take in what was measured `at` and say what will be `lead` seconds on.

    For equal `known`, a higher value never gives a lower forecast: what is said now rests on the errors known before.
    """
    if history.unit != unit or len(history.errors) != len(AVERAGES) + 2:
        history = _new(unit, value)
    best = min(range(len(history.errors)), key=history.errors.__getitem__)
    variance = max(history.errors[best], LEAST_ERROR)
    before, last = _all_levels(history.levels)[best], history.levels[0]
    jumped = abs(value - before) > JUMP_DEVIATIONS * math.sqrt(variance * max(before, LEAST_LEVEL))
    errors, due = _with_errors(history, value, at, interval)
    since = 1 if jumped else history.since + 1
    levels, slope = _updated(history, value, since)
    lead = min(lead, LONGEST_LEAD * interval)
    now = _all_levels(levels)
    predictions = (*now[:-1], max(0.0, now[-1] + slope * _damped(lead / interval)))
    level, ahead = now[best], max(now[best], predictions[best])
    if since <= JUMP_CHECKS and value - last > math.sqrt(variance * max(last, LEAST_LEVEL)):  # it rises still
        ahead = max(ahead, predictions[-1])
    peak = max(level, value, history.peak + (level - history.peak) / PEAK_CHECKS)
    learned = Forecasts(unit, history.checks + 1, since, levels, slope, errors, peak, (*due, (at + lead, predictions)))
    return Forecast(level, ahead, variance, peak), learned


def _new(unit: str, value: float) -> Forecasts:
    return Forecasts(unit, 0, 0, (value,) * (len(AVERAGES) + 1), 0.0, (FIRST_ERROR,) * (len(AVERAGES) + 2), value)


def _all_levels(levels: tuple[float, ...]) -> tuple[float, ...]:
    """Every forecaster's level: the means, the blend, the line."""
    short, long, part = BLEND
    return (*levels[:-1], part * levels[short] + (1 - part) * levels[long], levels[-1])


def _damped(intervals: float) -> float:
    """For how many intervals a slope counts that is damped over so many."""
    return float(DAMPING * (1 - DAMPING**intervals) / (1 - DAMPING))


def _with_errors(
    history: Forecasts, value: float, at: float, interval: float
) -> tuple[tuple[float, ...], tuple[tuple[float, tuple[float, ...]], ...]]:
    """The errors with what was due now in them, and what is still due. What fell due while nothing was seen is lost."""
    due = tuple(entry for entry in history.due if entry[0] > at + interval / 2)
    past = len(history.due) - len(due)
    if not past or history.due[past - 1][0] < at - interval / 2:
        return history.errors, due
    weight = 1.0 / min(history.checks + 8, JUDGED_OVER)
    errors = []
    for error, expected in zip(history.errors, history.due[past - 1][1], strict=True):
        squared = (value - expected) ** 2 / (expected if expected > LEAST_LEVEL else LEAST_LEVEL)
        varied = squared <= JUMP_DEVIATIONS**2 * max(error, LEAST_ERROR)
        errors.append(error + (squared - error) * weight if varied else error)
    return tuple(errors), due


def _updated(history: Forecasts, value: float, since: int) -> tuple[tuple[float, ...], float]:
    """The means of the checks since the last jump and the line's level, the new value in them, and the line's slope."""
    *means, line = history.levels
    moved = [level + (value - level) / min(checks, since) for level, checks in zip(means, AVERAGES, strict=True)]
    expected = line + history.slope
    now = expected + (value - expected) / LINE_CHECKS
    return (*moved, now), history.slope + (now - expected) / LINE_CHECKS
