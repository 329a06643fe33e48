"""Whether a canary does worse than what it shall replace."""

import math
from dataclasses import dataclass
from typing import Literal

LEAST_REQUESTS = 20
"""Fewer of them say nothing."""
DEVIATIONS = 1.64
"""Standard deviations of the interval in which the true rate lies: 95 % sure on the side that matters."""


@dataclass(frozen=True, slots=True)
class RequestCount:
    """Requests that were answered in a while, and how many of these failed (500 and more, or not at all).

    A proxy counts an error as soon as it knows of it, and each attempt of a request on its own, so that there may be
    more errors than answers.
    """

    requests: int
    errors: int

    @property
    def rate(self) -> float:
        return min(1.0, self.errors / self.requests) if self.requests else 0.0

    def __str__(self) -> str:
        return f"{self.errors} of {self.requests} requests failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`worse`: undo it. `unknown`: too few requests to say."""

    state: Literal["worse", "as good", "unknown"]
    reason: str


def judge(new: RequestCount, old: RequestCount) -> Verdict:
    """Compare a canary with the replicas beside it, over the same time.

    Worse is what is surely worse: the lowest that its error rate may be, by Wilson's score interval (E. B. Wilson,
    1927), is above the highest that the old one's may be. So one request that fails by chance undoes nothing, and an
    old release that fails as often is no reason to stay with it. Where the old one had too few requests to say,
    it is taken for flawless.
    """
    text = f"canary: {new}; beside it: {old}"
    if new.requests < LEAST_REQUESTS:
        return Verdict("unknown", f"{text}; fewer than {LEAST_REQUESTS} say nothing")
    highest = _interval(old)[1] if old.requests >= LEAST_REQUESTS else 0.0
    if new.errors and _interval(new)[0] > highest:
        return Verdict("worse", f"{text}; that is surely more")
    return Verdict("as good", text)


def _interval(count: RequestCount) -> tuple[float, float]:
    """Wilson's score interval of the rate."""
    n, z = count.requests, DEVIATIONS
    middle = (count.rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(count.rate * (1 - count.rate) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
