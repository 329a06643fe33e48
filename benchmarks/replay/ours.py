"""Our own policy in the game: the same `decide` that runs every stack, told each step as one measurement."""

from benchmarks.replay.rules import Wants, start_steps, step_seconds, steps_a_day
from infra_specs.scaling.autoscaler_state import Memory
from infra_specs.scaling.decide import decide
from infra_specs.scaling.measurement import Measured
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import Earlier, Situation

around = 20
"""Steps on each side of a moment that its demand on earlier days is averaged over: 5 minutes."""
days = (1, 7)


def tenfold(capacity: float, caution: float | None = None) -> Wants:
    """Our policy with its defaults, or with another caution."""
    policy = Policy() if caution is None else Policy(caution=caution)
    memory = Memory()
    history = _History()

    def wanted(step: int, count: int, rate: float) -> int:
        nonlocal memory
        history.add(rate)
        now = float((step + 1) * step_seconds)
        situation = Situation(
            "trace",
            now,
            Measured(now, float(step_seconds), requests_per_second=rate),
            count,
            count,
            0,
            maximum=10_000,
            capacity_per_second=capacity,
            # A step's arrivals are known at its end, when a step of the 30 s has passed.
            start_seconds=float((start_steps - 1) * step_seconds),
            interval=float(step_seconds),
            rhythm=history.rhythm(),
        )
        decision, memory = decide(policy, situation, memory)
        return decision.replicas

    return wanted


class _History:
    """What was seen, for the same time on earlier days."""

    def __init__(self) -> None:
        self._sums = [0.0]

    def add(self, rate: float) -> None:
        self._sums.append(self._sums[-1] + rate)

    def rhythm(self) -> tuple[Earlier, ...]:
        now = len(self._sums) - 1
        return tuple(
            Earlier(day, self._mean(now - day * steps_a_day), self._mean(now - day * steps_a_day + start_steps))
            for day in days
            if now - day * steps_a_day >= around
        )

    def _mean(self, at: int) -> float:
        return (self._sums[at + around] - self._sums[at - around]) / (2 * around)
