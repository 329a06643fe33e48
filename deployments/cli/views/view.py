"""One stack as it is at this moment: what was wanted, what is there, and who is at it."""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from deployments.cli.installation import Installation
from infra_specs.advice.growth import Advice
from infra_specs.desired import desired_as_deployed, desired_with_release
from infra_specs.errors import TenfoldError
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Plan
from infra_specs.releases.selection import ReleaseState
from infra_specs.resources.instance import Instance, links_of
from infra_specs.stack_fault import StackFault
from tasks.autoscaling.advice import growth_of
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.base.clock import now
from tasks.base.side_by_side import ANSWER_SECONDS, side_by_side
from tasks.changes.one_off import exclude_claimed
from tasks.ledger import Holder, Release, StackRecord
from tasks.ledger.owner_liveness import owner_is_alive
from tasks.stack.record import snapshot_of_record

_TORN_DOWN_SECONDS = ANSWER_SECONDS / 2
"""How long the target of a torn-down stack is waited for: its silence shall be told before it is a fault."""


@dataclass(frozen=True, slots=True)
class StackView:
    """One stack as it is at this moment."""

    known: StackRecord
    instances: tuple[Instance, ...]
    holder: Holder | None
    drift: Plan | None
    """What a reconcile would do; None where nothing is wanted, or where that cannot be planned."""
    releases: tuple[Release, ...] = ()
    """The newest and the last one proven."""
    advice: tuple[Advice, ...] = ()
    """What is to be said of its growth."""
    fault: StackFault | None = None
    """Why what is wanted of it cannot be planned; what runs can be seen all the same."""
    silent: str = ""
    """Why nothing is seen of a torn-down stack: its target may be gone, too, and nobody needs it."""

    @property
    def links(self) -> dict[str, str]:
        """Service -> where it answers."""
        return links_of(self.instances)


def look(place: Installation, known: StackRecord) -> StackView:
    """One stack, seen now."""
    stack, holder = known.stack(), place.ledger.holder(known.name)
    releases = place.ledger.active_releases(known.name)
    if not known.wanted:
        seen, silent = side_by_side({known.name: partial(place.observed, stack)}, _TORN_DOWN_SECONDS)
        return StackView(known, seen.get(known.name, ()), holder, None, releases, silent=_why(silent))
    instances = place.observed(stack)
    try:
        if releases and releases[0].state is ReleaseState.ROLLING_OUT and changing(holder):
            wished = desired_with_release(snapshot_of_record(place.ledger, known), releases[0].content)
        else:
            wished = desired_as_deployed(snapshot_of_record(place.ledger, known))
    except TenfoldError as error:
        return StackView(known, instances, holder, None, releases, fault=StackFault.of(known.name, error))
    drift = make_plan(known.name, wished.resources, exclude_claimed(place.ledger, instances))
    return StackView(known, instances, holder, drift, releases, growth_of(place.ledger, ScaledStack.of(known)))


def _why(faults: tuple[StackFault, ...]) -> str:
    return faults[0].why if faults else ""


def data(view: StackView) -> dict[str, Any]:
    """The same as JSON data; outputs hold no secret."""
    holder, drift = view.holder, view.drift
    return {
        "name": view.known.name,
        "target": view.known.target,
        "wanted": view.known.wanted,
        "since": view.known.since,
        "silent": view.silent or None,
        "links": view.links,
        "lock": {"who": str(holder.owner), "since": holder.since, "until": holder.until} if holder else None,
        "drift": drift.summary if drift and not drift.empty else None,
        "advice": [one.said for one in view.advice],
        "replicas_asked_for": view.known.override_counts,
        "releases": [{"number": one.number, "state": one.state, "since": one.since} for one in view.releases],
        "instances": [
            {
                "address": one.address,
                "kind": one.kind,
                "incarnation": one.incarnation,
                "state": one.health.state,
                "reason": one.health.reason,
                "since": one.health.since,
                "outputs": dict(one.outputs),
                "holds_data": one.stateful,
                **({"members": [asdict(member) for member in one.members]} if one.members else {}),
            }
            for one in view.instances
        ],
    }


def changing(holder: Holder | None) -> bool:
    """Whether somebody is at it who is not known to be gone or late."""
    return holder is not None and holder.until > now() and owner_is_alive(holder.owner) is not False
