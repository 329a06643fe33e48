"""What bounds a count, each limit a function of its own; the later one has the last word."""

import math
from collections.abc import Callable

from infra_specs.pricing.price import usd
from infra_specs.scaling.decision import Step
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.scaling.schedule import holding
from infra_specs.sizing.demand import month_seconds

a_cent = 0.01
"""USD by which one is not over the budget yet: the last bit of a sum takes no replica away."""

Limit = Callable[[Policy, ScalingInput, int], Step | None]


def largest_step(policy: Policy, situation: ScalingInput, count: int) -> Step | None:
    """At most so many replicas more or fewer than wanted now."""
    if policy.step is None or abs(count - situation.wanted) <= policy.step:
        return None
    nearer = situation.wanted + (policy.step if count > situation.wanted else -policy.step)
    return Step("largest step", nearer, f"at most {policy.step} at once")


def budget(policy: Policy, situation: ScalingInput, count: int) -> Step | None:
    """What the rest of the month may cost. First no growth beyond what is left; then, over the budget, the service that
    spends most above its minimum gives back what is missing; then, only if the policy says so, it ends, and begins
    again when its minimum is paid for until the month's end: in a new month, or with another budget."""
    each = (situation.price or 0.0) * situation.month_left / month_seconds
    if situation.budget_left is None or not each:
        return None
    if situation.budget_left <= -a_cent and situation.largest and policy.over_budget != "hold":
        given_back = _given_back(policy, situation, -situation.budget_left, each)
        if given_back.replicas < min(count, situation.wanted):
            return given_back
    stopped = policy.over_budget == "stop" and not situation.wanted
    paid_for = situation.wanted if stopped else max(situation.wanted, situation.minimum)
    more = count - paid_for
    if more <= 0 or more * each <= situation.budget_left + 1e-9:
        return None
    # No more than is asked for: a price near nothing would divide into infinity.
    affordable = situation.wanted + math.floor(min(max(0.0, situation.budget_left) / each + 1e-9, count))
    left = usd(round(situation.budget_left, 2)) if situation.budget_left > 0 else "nothing"
    if stopped and affordable < situation.minimum:
        cost = f"its {situation.minimum} cost {usd(round(situation.minimum * each, 2))} until its end"
        return Step("budget", 0, f"stopped: {left} is left of the month's budget, and {cost}")
    cost = f"a replica costs {usd(round(each, 2))} until its end"
    reason = f"{left} is left of the month's budget, and {cost}"
    return Step("budget", min(count, max(situation.minimum, affordable)), reason)


def _given_back(policy: Policy, situation: ScalingInput, missing: float, each: float) -> Step:
    """The count that saves what is `missing`, down to the minimum; none at the minimum, if the policy says stop."""
    over = f"{usd(round(missing, 2))} over the month's budget"
    if policy.over_budget == "stop" and situation.wanted <= situation.minimum:
        return Step("budget", 0, f"{over} with every service at its minimum: stopped")
    fewer = situation.wanted - math.ceil(min(missing / each, situation.wanted))
    return Step("budget", max(situation.minimum, fewer), f"{over}, and this service spends most")


def scheduled(policy: Policy, situation: ScalingInput, count: int) -> Step | None:
    """The minimum of this hour."""
    period = holding(policy.schedule, policy.timezone, situation.now)
    if period is None or count >= period.minimum:
        return None
    return Step(
        "schedule", period.minimum, f"at least {period.minimum} by the schedule {period.text} {policy.timezone}"
    )


def at_least(_: Policy, situation: ScalingInput, count: int) -> Step | None:
    """The spec's minimum."""
    if count >= situation.minimum:
        return None
    return Step("minimum", situation.minimum, f"at least {situation.minimum} by the spec")


def at_most(_: Policy, situation: ScalingInput, count: int) -> Step | None:
    """The spec's maximum, or the design capacity where it names none."""
    if count <= situation.maximum:
        return None
    by = "the design capacity" if situation.maximum == situation.design else "the spec"
    return Step(
        "design capacity" if by != "the spec" else "maximum", situation.maximum, f"at most {situation.maximum} by {by}"
    )


def room(_: Policy, situation: ScalingInput, count: int) -> Step | None:
    """What the target can hold."""
    if situation.room is None or count <= situation.room:
        return None
    return Step("room", max(0, situation.room), f"the target has room for {situation.room}")


limits: tuple[Limit, ...] = (largest_step, scheduled, at_least, budget, at_most, room)
"""In this order. The budget bounds what the schedule asks for, and not the spec's minimum unless it says stop; nothing
exceeds the maximum, or what the target can hold."""
