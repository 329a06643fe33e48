"""Our own policy in the game: the same `decide` that runs every stack, told each step as one measurement."""

from benchmarks.replay.rules import START_STEPS, STEP_SECONDS, STEPS_A_DAY, Wants
from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.policy import Policy, Preference
from infra_specs.scaling.scaling_input import PastDemand, ScalingInput

AROUND = 20
"""Steps on each side of a moment that its demand on earlier days is averaged over: 5 minutes."""
DAYS = (1, 7)


def tenfold(capacity: float, prefer: Preference = "balanced") -> Wants:
    """Our policy with its defaults, or with another preference."""
    policy = Policy(prefer=prefer)
    memory = AutoscalerState()
    history = _History()
    before: int | None = None

    def wanted(step: int, count: int, rate: float) -> int:
        nonlocal memory, before
        history.add(rate)
        now = float((step + 1) * STEP_SECONDS)
        ready = count if before is None else min(before, count)  # those asked for at the last step do not serve yet
        before = count
        inputs = ScalingInput(
            "trace",
            now,
            Measurement(now, float(STEP_SECONDS), requests_per_second=rate, serving=ready),
            count,
            ready,
            count - ready,
            maximum=10_000,
            capacity_per_second=capacity,
            # A step's arrivals are known at its end, when a step of the 30 s has passed.
            start_seconds=float((START_STEPS - 1) * STEP_SECONDS),
            interval=float(STEP_SECONDS),
            rhythm=history.seasonality(),
        )
        decision, memory = decide(policy, inputs, memory)
        return decision.replicas

    return wanted


class _History:
    """What was seen, for the same time on earlier days."""

    def __init__(self) -> None:
        self._sums = [0.0]

    def add(self, rate: float) -> None:
        self._sums.append(self._sums[-1] + rate)

    def seasonality(self) -> tuple[PastDemand, ...]:
        now = len(self._sums) - 1
        return tuple(
            PastDemand(day, self._mean(now - day * STEPS_A_DAY), self._mean(now - day * STEPS_A_DAY + START_STEPS))
            for day in DAYS
            if now - day * STEPS_A_DAY >= AROUND
        )

    def _mean(self, at: int) -> float:
        return (self._sums[at + AROUND] - self._sums[at - AROUND]) / (2 * AROUND)
