"""The demand as one number: how many full replicas what arrives is the work of, by the signal that says most."""

from dataclasses import dataclass

from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput

most_believable = 1e12
"""Of anything that is measured. No service of this world has more, but a counter that is read wrongly may."""


@dataclass(frozen=True, slots=True)
class Load:
    """`replicas` is a part of one or many, not yet with any headroom; `said` is the signal in words."""

    replicas: float
    said: str


def load(policy: Policy, situation: ScalingInput) -> Load | None:
    """The largest of what the signals say; None when no signal has a value that can be.

    Requests in flight and their rate by Little's law: each over what one replica serves well. CPU and a queue's length
    likewise.
    """
    seen = situation.measured
    said: list[Load] = []
    in_flight, rate, cpu, queue = (
        _usable(one) for one in (seen.in_flight, seen.requests_per_second, seen.cpu, seen.queue)
    )
    if in_flight is not None:
        said.append(Load(in_flight / situation.capacity, f"{in_flight:.3g} requests in flight"))
    rate_each = policy.requests_per_second or situation.capacity_per_second
    if rate is not None and rate_each:
        said.append(Load(rate / rate_each, f"{rate:.3g} requests/s"))
    if cpu is not None and policy.cpu:
        serving = situation.serving if seen.serving is None else seen.serving
        said.append(Load(cpu * serving / policy.cpu, f"{100 * cpu:.3g} % of the CPU of {serving}"))
    if queue is not None and policy.queue:
        said.append(Load(queue / policy.queue, f"a queue of {queue:.3g}"))
    if not said:
        return None
    return max(said, key=lambda one: one.replicas)


def _usable(value: float | None) -> float | None:
    """A source that says NaN, infinity or less than nothing has said nothing."""
    return value if value is not None and 0 <= value <= most_believable else None
