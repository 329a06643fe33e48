"""The users that there were, as windows of equal length: from what was kept, or from a table of requests."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from infra_specs.errors import SpecError

Point = tuple[float, float | None, float | None]
"""A moment (seconds since the epoch), requests a second, requests in flight; None is not known."""


@dataclass(frozen=True, slots=True)
class Window:
    """`requests_per_second` arrived and `in_flight` were inside on average, from `at` on (seconds since the epoch)."""

    at: float
    requests_per_second: float
    in_flight: float


def windows(points: Iterable[Point], seconds: float) -> tuple[Window, ...]:
    """Windows of `seconds` on the straight lines between the points, which are in order.

    What a point lacks of the two is taken in proportion to the other, as both are known elsewhere.
    """
    found = list[Window]()
    for (at, rate, inside), (later, next_rate, next_inside) in pairwise(_completed(list(points))):
        count = max(1, round((later - at) / seconds))
        for number in range(count):
            part = number / count
            moment = at + number * seconds
            found.append(Window(moment, _between(rate, next_rate, part), _between(inside, next_inside, part)))
    return tuple(found)


def from_table(text: str, seconds: float, response_time: float, source: str) -> tuple[Point, ...]:
    """Points from lines whose last column is the number of requests in one interval of `seconds`.

    How many are inside is what arrives times `response_time` in seconds (Little's law). A first line of words is left
    out. Raises SpecError, naming the line.
    """
    counts = list[float]()
    for number, line in enumerate(text.splitlines(), 1):
        last = line.rpartition(",")[2].strip()
        try:
            count = float(last)
        except ValueError:
            if not line.strip() or (not counts and number == 1):
                continue
            raise SpecError(f"{source}, line {number}: found `{last}`, must be the number of requests.") from None
        if not 0 <= count < 1e12:
            raise SpecError(f"{source}, line {number}: found `{last}`, must be the number of requests, 0 or more.")
        counts.append(count)
    if len(counts) < 2:
        raise SpecError(f"{source} has fewer than two lines with a number of requests.")
    rates = [count / seconds for count in counts]
    return tuple((number * seconds, rate, rate * response_time) for number, rate in enumerate(rates))


def _completed(points: Sequence[Point]) -> list[tuple[float, float, float]]:
    both = [(rate, inside) for _, rate, inside in points if rate and inside]
    seconds_each = sum(inside for _, inside in both) / sum(rate for rate, _ in both) if both else 1.0
    found = []
    for at, rate, inside in points:
        if rate is not None or inside is not None:
            known_rate = rate if rate is not None else (inside or 0.0) / seconds_each
            found.append((at, known_rate, inside if inside is not None else known_rate * seconds_each))
    return found


def _between(one: float, other: float, part: float) -> float:
    return one + (other - one) * part
