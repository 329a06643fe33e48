"""The latency that a service shall keep, as a count: as many replicas as would keep it, and no more than demand bears.

The work that a request waits behind is shared by those that serve, so latency falls as their number grows: what `n`
serve at `latency` takes `n x latency / objective`. That is more than serve while it is too slow, and where it is not,
the number below which it would be again. So both are one floor under the count, which stays when it has done its work.
"""

import math

from infra_specs.scaling.decision import Step
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.recommend import Requirement, round_up, tolerance
from infra_specs.scaling.scaling_input import ScalingInput

at_most = 2.0
"""Times what demand asks for. Latency beyond it has a cause that more replicas do not cure."""
most_believable = 1e9
"""Seconds."""


def keep_latency(
    policy: Policy, situation: ScalingInput, so_far: Step, demand: Requirement, served: int | None
) -> Step | None:
    """At least as many as keep the objective; none is taken away where that leaves less than the tolerance to it.

    `served` at the check before: with those that came since, part of what was measured is still of the fewer that there
    were.
    """
    seen = situation.measured
    if policy.latency is None or seen.latency is None or not 0 <= seen.latency <= most_believable:
        return None
    serving = situation.serving if seen.serving is None else seen.serving
    needs = min(serving, serving if served is None else served) * seen.latency / policy.latency
    floor = max(_ceil(needs), min(situation.wanted, _ceil((1 + tolerance) * needs)))
    bound, _ = round_up(at_most * demand.exact, situation.wanted)
    count = min(floor, bound)
    if not so_far.replicas or count <= so_far.replicas:
        return None
    said = f"{1000 * seen.latency:.3g} ms where {1000 * policy.latency:.3g} ms are wanted"
    if floor > bound:
        return Step("latency", count, f"{said}, but no more than {at_most:g} times what demand asks for")
    if seen.latency > policy.latency:
        return Step("latency", count, f"{said} ask for {count}")
    return Step("latency", count, f"{said}, which fewer than {count} might not keep")


def _ceil(value: float) -> int:
    return math.ceil(value - 1e-9)
