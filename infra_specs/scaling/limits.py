"""What bounds a count, each limit a function of its own; the later one has the last word."""

import math
from collections.abc import Callable

from infra_specs.pricing.price import usd
from infra_specs.scaling.decision import Step
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.scaling.schedule import active_period
from infra_specs.sizing.demand import MONTH_SECONDS

CENT = 0.01
"""USD by which one is not over the budget yet: the last bit of a sum takes no replica away."""

Limit = Callable[[Policy, ScalingInput, int], Step | None]


def largest_step(policy: Policy, inputs: ScalingInput, count: int) -> Step | None:
    """At most so many replicas more or fewer than wanted now."""
    if policy.step is None or abs(count - inputs.wanted) <= policy.step:
        return None
    nearer = inputs.wanted + (policy.step if count > inputs.wanted else -policy.step)
    return Step("largest step", nearer, f"at most {policy.step} at once")


def budget(policy: Policy, inputs: ScalingInput, count: int) -> Step | None:
    """What the rest of the month may cost. First no growth beyond what is left; then, over the budget, the service that
    spends most above its minimum gives back what is missing; then, only if the policy says so, it ends, and begins
    again when its minimum is paid for until the month's end: in a new month, or with another budget."""
    replica_cost = (inputs.price or 0.0) * inputs.month_left / MONTH_SECONDS
    if inputs.budget_left is None or not replica_cost:
        return None
    if inputs.budget_left <= -CENT and inputs.largest and policy.over_budget != "hold":
        given_back = _given_back(policy, inputs, -inputs.budget_left, replica_cost)
        if given_back.replicas < min(count, inputs.wanted):
            return given_back
    stopped = policy.over_budget == "stop" and not inputs.wanted
    paid_for = inputs.wanted if stopped else max(inputs.wanted, inputs.minimum)
    growth = count - paid_for
    if growth <= 0 or growth * replica_cost <= inputs.budget_left + 1e-9:
        return None
    # No more than is asked for: a price near nothing would divide into infinity.
    affordable = inputs.wanted + math.floor(min(max(0.0, inputs.budget_left) / replica_cost + 1e-9, count))
    left = usd(round(inputs.budget_left, 2)) if inputs.budget_left > 0 else "nothing"
    if stopped and affordable < inputs.minimum:
        cost = f"its {inputs.minimum} cost {usd(round(inputs.minimum * replica_cost, 2))} until its end"
        return Step("budget", 0, f"stopped: {left} is left of the month's budget, and {cost}")
    cost = f"a replica costs {usd(round(replica_cost, 2))} until its end"
    reason = f"{left} is left of the month's budget, and {cost}"
    return Step("budget", min(count, max(inputs.minimum, affordable)), reason)


def _given_back(policy: Policy, inputs: ScalingInput, missing: float, replica_cost: float) -> Step:
    """The count that saves what is `missing`, down to the minimum; none at the minimum, if the policy says stop."""
    over = f"{usd(round(missing, 2))} over the month's budget"
    if policy.over_budget == "stop" and inputs.wanted <= inputs.minimum:
        return Step("budget", 0, f"{over} with every service at its minimum: stopped")
    fewer = inputs.wanted - math.ceil(min(missing / replica_cost, inputs.wanted))
    return Step("budget", max(inputs.minimum, fewer), f"{over}, and this service spends most")


def schedule_minimum(policy: Policy, inputs: ScalingInput, count: int) -> Step | None:
    """The minimum of this hour."""
    period = active_period(policy.schedule, policy.timezone, inputs.now)
    if period is None or count >= period.minimum:
        return None
    return Step(
        "schedule", period.minimum, f"at least {period.minimum} by the schedule {period.text} {policy.timezone}"
    )


def minimum(_: Policy, inputs: ScalingInput, count: int) -> Step | None:
    """The spec's minimum."""
    if count >= inputs.minimum:
        return None
    return Step("minimum", inputs.minimum, f"at least {inputs.minimum} by the spec")


def maximum(_: Policy, inputs: ScalingInput, count: int) -> Step | None:
    """The spec's maximum, or the design capacity where it names none."""
    if count <= inputs.maximum:
        return None
    by = "the design capacity" if inputs.maximum == inputs.design else "the spec"
    return Step(
        "design capacity" if by != "the spec" else "maximum", inputs.maximum, f"at most {inputs.maximum} by {by}"
    )


def target_capacity(_: Policy, inputs: ScalingInput, count: int) -> Step | None:
    """What the target can hold."""
    if inputs.room is None or count <= inputs.room:
        return None
    missing = _missing_hosts(inputs, count - inputs.room)
    return Step("room", max(0, inputs.room), f"the target has room for {inputs.room}{missing}")


def _missing_hosts(inputs: ScalingInput, copies: int) -> str:
    """How many hosts these copies need, as a part of a sentence; empty where none can be added, or none would do."""
    if not inputs.room_per_host:
        return ""
    hosts = math.ceil(copies / inputs.room_per_host)
    return f", and {hosts} more host{'' if hosts == 1 else 's'} for the other {copies}"


LIMITS: tuple[Limit, ...] = (largest_step, schedule_minimum, minimum, budget, maximum, target_capacity)
"""In this order. The budget bounds what the schedule asks for, and not the spec's minimum unless it says stop; nothing
exceeds the maximum, or what the target can hold."""
LIMIT_NAMES = ("largest step", "schedule", "minimum", "budget", "maximum", "design capacity", "room")
"""Of their steps."""
