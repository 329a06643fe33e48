"""What demand will be when a replica that is asked for now serves, and by how much that may be wrong.

Several simple forecasters run side by side: averages over the last moment up to the last quarter of an hour, and lines
through the last moments. Each is held to what it said when its time comes, and the one that has been least wrong of
late is believed: a service whose demand drifts is followed at once, one whose demand only trembles is averaged. Its own
errors are its noise, as `noise` has them. They are measured relative to the square root of the level, as independent
arrivals vary (Poisson: variance = mean; requests that come in bunches: a multiple of it).
"""

import math
from dataclasses import dataclass

from infra_specs.scaling.autoscaler_state import Forecasts
from infra_specs.scaling.noise import FIRST_GUESS, Bins, updated

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
JUDGED_OVER = 400
"""Checks over which errors are averaged: 1.5 hours of 15 s."""
FIRST_ERROR = 0.25
"""Before anything was learned: one full replica's worth of demand varies by half of one."""
LEAST_ERROR = 0.01
"""What a demand that stood still may vary by all the same."""
LEAST_LEVEL = 0.5
"""Replicas below which a level does not make its errors count for more."""
JUMP_DEVIATIONS = 6
"""Deviations beyond which demand has not varied but jumped: the means begin anew, and it is no noise."""
SWING_PART = 0.45
"""Of the level, by which demand has swung at once: it may swing back."""
SOON_AGAIN, TREMBLES = 4, 0.45
"""Checks after a jump in which another makes it noise, and the part of the jump's own limit that is then learned."""
JUMP_CHECKS = 3
"""Checks after a jump in which the line is believed whoever was least wrong: what jumped may be on its way still."""
AGAIN = 1
"""Times what demand rose by in a jump, by which it may rise again before replicas serve that are asked for."""
AGAIN_FROM = 0.9
"""Of what demand jumped to: while it is there, as much again is looked for."""
OVER_PEAK = 1.1
"""Times the highest demand of the last hour: only a jump beyond it may be the beginning of more."""
BACK_CHECKS = 2
"""Checks after a jump in which errors are still its own."""
PEAK_CHECKS = 240.0
"""Checks over which the highest demand is forgotten: an hour of 15 s."""
DIGITS = 5
"""Of what is kept until it is due."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """In full replicas' worth: where the demand is, where it is going, and `variance` over level of being wrong.
    `bins`: how its errors are spread, in deviations."""

    level: float
    ahead: float
    """Of the same forecaster, at the time a new replica serves; never below the level."""
    variance: float
    bins: Bins

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
    before, last = _all_levels(history.levels)[best], history.last
    jumped = abs(value - before) > JUMP_DEVIATIONS * math.sqrt(variance * max(before, LEAST_LEVEL))
    swung = abs(value - before) > SWING_PART * before
    errors, bins, due = _learned(history, value, at, interval, jumped=jumped)
    since = 1 if jumped else history.since + 1
    rose = value - before if value >= OVER_PEAK * history.peak else 0.0
    jump = (value, max(0.0, rose)) if jumped else history.jump
    levels, slope = _updated(history, value, since)
    lead = min(lead, LONGEST_LEAD * interval)
    now = _all_levels(levels)
    predictions = (*now[:-1], max(0.0, now[-1] + slope * _damped(lead / interval)))
    level, ahead = now[best], max(now[best], predictions[best])
    if since <= JUMP_CHECKS:
        if value - last > math.sqrt(variance * max(last, LEAST_LEVEL)):  # it rises still
            ahead = max(ahead, predictions[-1])
        if jump[1] and value >= AGAIN_FROM * jump[0]:
            ahead = max(ahead, value + AGAIN * jump[1])
    said = Forecast(level, ahead, variance, history.bins)
    entry = (at + lead, tuple(round(prediction, DIGITS) for prediction in (*predictions, ahead, said.deviation(ahead))))
    peak = max(value, history.peak + (level - history.peak) / PEAK_CHECKS)
    learned = Forecasts(
        unit, history.checks + 1, since, value, peak, swung, jump, levels, slope, errors, bins, (*due, entry)
    )
    return said, learned


def _new(unit: str, value: float) -> Forecasts:
    levels, errors = (value,) * (len(AVERAGES) + 1), (FIRST_ERROR,) * (len(AVERAGES) + 2)
    return Forecasts(unit, 0, 0, value, value, False, (value, 0.0), levels, 0.0, errors, FIRST_GUESS)


def _all_levels(levels: tuple[float, ...]) -> tuple[float, ...]:
    """Every forecaster's level: the means, the blend, the line."""
    short, long, part = BLEND
    return (*levels[:-1], part * levels[short] + (1 - part) * levels[long], levels[-1])


def _damped(intervals: float) -> float:
    """For how many intervals a slope counts that is damped over so many."""
    return float(DAMPING * (1 - DAMPING**intervals) / (1 - DAMPING))


def _learned(
    history: Forecasts, value: float, at: float, interval: float, *, jumped: bool
) -> tuple[tuple[float, ...], Bins, tuple[tuple[float, tuple[float, ...]], ...]]:
    """The errors and their spread with what was due now in them, and what is still due. What fell due while nothing was
    seen is lost."""
    due = tuple(entry for entry in history.due if entry[0] > at + interval / 2)
    past = len(history.due) - len(due)
    if not past or history.due[past - 1][0] < at - interval / 2:
        return history.errors, history.bins, due
    *predictions, ahead, deviation = history.due[past - 1][1]
    trembles = jumped and history.since <= SOON_AGAIN
    weight = 1.0 / min(history.checks + 8, JUDGED_OVER)
    errors = []
    for error, expected in zip(history.errors, predictions, strict=True):
        squared = (value - expected) ** 2 / (expected if expected > LEAST_LEVEL else LEAST_LEVEL)
        most = JUMP_DEVIATIONS**2 * max(error, LEAST_ERROR)
        if squared > most:  # a jump teaches nothing of the noise, but jump after jump is noise
            squared = TREMBLES * most if trembles else error
        errors.append(error + (squared - error) * weight)
    if (jumped or history.since <= BACK_CHECKS) and value <= OVER_PEAK * history.peak:
        return tuple(errors), history.bins, due  # it went to and fro between known bounds
    return tuple(errors), updated(history.bins, history.checks, (value - ahead) / deviation), due


def _updated(history: Forecasts, value: float, since: int) -> tuple[tuple[float, ...], float]:
    """The means of the checks since the last jump and the line's level, the new value in them, and the line's slope."""
    *means, line = history.levels
    moved = [level + (value - level) / min(checks, since) for level, checks in zip(means, AVERAGES, strict=True)]
    expected = line + history.slope
    now = expected + (value - expected) / LINE_CHECKS
    return (*moved, now), history.slope + (now - expected) / LINE_CHECKS
