"""The demand as one number: how many full replicas what arrives is the work of, by the signal that says most."""

from dataclasses import dataclass

from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput

MOST_BELIEVABLE = 1e12
"""Of anything that is measured. No service of this world has more, but a counter that is read wrongly may."""


@dataclass(frozen=True, slots=True)
class Load:
    """`replicas` is a part of one or many, not yet with any headroom; `said` is the signal in words."""

    replicas: float
    signal: str


def load(policy: Policy, inputs: ScalingInput) -> Load | None:
    """The largest of what the signals say; None when no signal has a value that can be.

    Requests in flight and their rate by Little's law: each over what one replica serves well. CPU and a queue's length
    likewise.
    """
    measured = inputs.measured
    loads: list[Load] = []
    in_flight, rate, cpu, queue = (
        _usable(value) for value in (measured.in_flight, measured.requests_per_second, measured.cpu, measured.queue)
    )
    if in_flight is not None:
        loads.append(Load(in_flight / inputs.capacity, f"{in_flight:.3g} requests in flight"))
    rate_each = policy.requests_per_second or inputs.capacity_per_second
    if rate is not None and rate_each:
        loads.append(Load(rate / rate_each, f"{rate:.3g} requests/s"))
    if cpu is not None and policy.cpu:
        serving = inputs.serving if measured.serving is None else measured.serving
        loads.append(Load(cpu * serving / policy.cpu, f"{100 * cpu:.3g} % of the CPU of {serving}"))
    if queue is not None and policy.queue:
        loads.append(Load(queue / policy.queue, f"a queue of {queue:.3g}"))
    if not loads:
        return None
    return max(loads, key=lambda one: one.replicas)


def _usable(value: float | None) -> float | None:
    """A source that says NaN, infinity or less than nothing has said nothing."""
    return value if value is not None and 0 <= value <= MOST_BELIEVABLE else None
