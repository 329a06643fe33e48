"""How far demand lands from its forecast, as this service was seen to: a histogram of errors in deviations.

Each forecast is held to what arrives when a replica asked for with it would serve, so the noise is that at the
horizon of the service's own start. It begins as the normal curve with heavier ends, and forgets in half a day.
"""

import bisect
import math
from itertools import pairwise

Bins = tuple[float, ...]

EDGES = (-2.0, -1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25, 4.0, 5.0, 6.5, 9.0)
"""Between the bins, in deviations."""
CENTRES = (-2.4, -1.6, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.6, 4.5, 5.7, 7.5, 10.0)
FIRST_CHECKS = 200
"""Checks that the first guess is worth."""
CHECKS = 3000
"""Checks that are remembered: half a day of 15 s."""
DIGITS = 9
"""Of a part of the checks that is kept; with fewer, a rare error would never be forgotten."""
LEAST = 1e-5
"""The part of the checks below which a bin is left out of a sum."""


def _first_guess() -> Bins:
    """The normal curve, and beyond two deviations as much again as rare jumps take."""
    below = [0.0, *(0.5 * math.erfc(-edge / math.sqrt(2)) for edge in EDGES), 1.0]
    parts = [high - low for low, high in pairwise(below)]
    parts = [
        part + (0.002 / (centre - 1.2) if centre > 2.2 else 0.0) for part, centre in zip(parts, CENTRES, strict=True)
    ]
    return tuple(round(part / sum(parts), DIGITS) for part in parts)


FIRST_GUESS = _first_guess()


def updated(bins: Bins, checks: int, error: float) -> Bins:
    """With one more error, in deviations, after so many checks."""
    weight = 1.0 / min(FIRST_CHECKS + checks, CHECKS)
    kept = [round(part - part * weight, DIGITS) for part in bins]
    at = bisect.bisect_left(EDGES, error)
    kept[at] = round(kept[at] + weight, DIGITS)
    return tuple(kept)


def atoms(bins: Bins, expected: float, deviation: float) -> list[tuple[float, float]]:
    """What may arrive and its probability, of all that is likelier than nearly nothing."""
    return [
        (expected + deviation * centre, part)
        for centre, part in zip(CENTRES, bins, strict=True)
        if part >= LEAST and expected + deviation * centre > 0.0
    ]


def within(bins: Bins, part: float) -> float:
    """The deviations that so large a part of the errors stays below."""
    total, wanted = 0.0, part * sum(bins)
    for centre, share in zip(CENTRES, bins, strict=True):
        total += share
        if total >= wanted:
            return centre
    return CENTRES[-1]
