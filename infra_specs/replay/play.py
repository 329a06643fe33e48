"""A policy, played over windows of users.

A replica that is asked for serves `start_seconds` later. Of the requests of a window those are lost that are above what
the replicas which serve can take; nothing queues. Replicas are paid for from when they are asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from infra_specs.replay.demand import Window
from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.sizing.demand import MONTH_SECONDS
from infra_specs.sizing.replicas import replicas_for

HOUR = 3600.0
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What came of it. `counts` are the replicas wanted in each window."""

    counts: tuple[int, ...]
    requests: float
    lost: float
    """Requests."""
    replica_hours: float
    actions_a_day: float
    price: float | None
    """USD for as long as it was played; None where the price of a replica is unknown."""

    @property
    def lost_part(self) -> float:
        """Of all requests, 0 to 1."""
        return self.lost / self.requests if self.requests else 0.0


def play(policy: Policy, inputs: ScalingInput, windows: Sequence[Window], seconds: float) -> ReplayResult:
    """Play `policy` over windows of `seconds`. `about` says the rest: bounds, capacity, start, price.

    The count begins as the first window asks for. Of budgets and of earlier days nothing is known here.
    """
    state, count = AutoscalerState(), _first_count(inputs, windows[0].in_flight)
    ready, coming = float(count), list[tuple[float, int]]()
    counts, lost, requests, actions = list[int](), 0.0, 0.0, 0
    for window in windows:
        end = window.at + seconds
        ready += sum(replicas for at, replicas in coming if at <= window.at)
        coming = [entry for entry in coming if entry[0] > window.at]
        arrived = window.requests_per_second * seconds
        requests += arrived
        lost += arrived * _above(window.in_flight, ready * inputs.capacity)
        counts.append(count)
        measured = Measurement(end, seconds, window.requests_per_second, window.in_flight, serving=int(ready))
        now = replace(
            inputs, now=end, measured=measured, wanted=count, serving=int(ready), starting=count - int(ready),
            interval=seconds,
        )  # fmt: skip
        decision, state = decide(policy, now, state)
        if decision.replicas != count:
            actions += 1
            coming, ready = _with_change(coming, ready, decision.replicas - count, end + inputs.start_seconds)
            count = decision.replicas
    hours = sum(counts) * seconds / HOUR
    price = None if inputs.price is None else hours * inputs.price * HOUR / MONTH_SECONDS
    return ReplayResult(tuple(counts), requests, lost, hours, actions / (len(windows) * seconds / DAY), price)


def _with_change(
    coming: list[tuple[float, int]], ready: float, change: int, at: float
) -> tuple[list[tuple[float, int]], float]:
    """More come when they serve; fewer go at once, those that do not serve yet first."""
    if change > 0:
        return [*coming, (at, change)], ready
    left, remaining = -change, list[tuple[float, int]]()
    for when, replicas in reversed(coming):
        removed = min(left, replicas)
        left -= removed
        remaining += [(when, replicas - removed)] if replicas > removed else []
    return remaining[::-1], ready - left


def _above(in_flight: float, capacity: float) -> float:
    return max(0.0, 1 - capacity / in_flight) if in_flight > 0 else 0.0


def _first_count(inputs: ScalingInput, in_flight: float) -> int:
    return max(inputs.minimum, min(replicas_for(in_flight, inputs.capacity), inputs.maximum))
