"""The latency that a service shall keep, as a count: as many replicas as would keep it, and no more than demand bears.

The work that a request waits behind is shared by those that serve, so latency falls as their number grows: what `n`
serve at `latency` takes `n x latency / objective`. That is more than serve while it is too slow, and where it is not,
the number below which it would be again. So both are one floor under the count, which stays when it has done its work.
"""

import math

from infra_specs.scaling.decision import Step
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.recommend import Requirement
from infra_specs.scaling.scaling_input import ScalingInput

MOST_OVER_DEMAND = 2.0
"""Times what demand asks for. Latency beyond it has a cause that more replicas do not cure."""
TOLERANCE = 0.1
"""Of the objective: what fewer replicas must leave free."""
MOST_BELIEVABLE = 1e9
"""Seconds."""


def keep_latency(
    policy: Policy, inputs: ScalingInput, recommended: Step, demand: Requirement, served: int | None
) -> Step | None:
    """At least as many as keep the objective; none is taken away where that leaves less than the tolerance to it.

    `served` at the check before: with those that came since, part of what was measured is still of the fewer that there
    were.
    """
    measured = inputs.measured
    if policy.latency is None or measured.latency is None or not 0 <= measured.latency <= MOST_BELIEVABLE:
        return None
    serving = inputs.serving if measured.serving is None else measured.serving
    needs = min(serving, serving if served is None else served) * measured.latency / policy.latency
    floor = max(_ceil(needs), min(inputs.wanted, _ceil((1 + TOLERANCE) * needs)))
    bound = _ceil(MOST_OVER_DEMAND * demand.count)
    count = min(floor, bound)
    if not recommended.replicas or count <= recommended.replicas:
        return None
    text = f"{1000 * measured.latency:.3g} ms where {1000 * policy.latency:.3g} ms are wanted"
    if floor > bound:
        return Step("latency", count, f"{text}, but no more than {MOST_OVER_DEMAND:g} times what demand asks for")
    if measured.latency > policy.latency:
        return Step("latency", count, f"{text} ask for {count}")
    return Step("latency", count, f"{text}, which fewer than {count} might not keep")


def _ceil(value: float) -> int:
    return math.ceil(value - 1e-9)
