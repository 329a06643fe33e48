"""Scale: set the replica count of a service, by hand or for the autoscaler."""

import asyncio
from typing import Annotated

from prefect.logging import get_run_logger
from pydantic import Field

from flows.engine.converge import Report
from flows.engine.frame import frame, open_ledger, stack_session
from flows.engine.rollout import restore_healthy
from flows.engine.run_info import current_run, seconds_late
from infra_specs.desired import StackSnapshot, desired_as_deployed
from infra_specs.errors import PlanError
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.resources.services import desired_copies
from infra_specs.scaling.by_hand import manual_count_note
from infra_specs.scaling.decision import Decision
from infra_specs.sizing.size import Sizing, size
from tasks.autoscaling.artifacts import show_decision
from tasks.backups.undo import refuse_undo
from tasks.base.clock import now
from tasks.ledger import Ledger

STALE_SECONDS = 120.0
"""Seconds after which a decision of the autoscaler is applied only if a later check confirmed it."""
DECISIONS_SEEN = 3
"""Recent decisions that are read: the autoscaler may have decided again since it started this run."""


@frame
async def scale(
    stack: str,
    service: str,
    replicas: Annotated[int, Field(ge=0, le=10_000)],
    reason: str = "",
    wait: bool = False,
    *,
    decision_id: str = "",
) -> Report:
    """Give a service another number of replicas. It keeps them through later provisions, within the spec's bounds.

    The scaler may add more at once, and takes those that nobody needs away when its window (3 minutes) has passed: to
    keep a number, write it as `replicas` in the spec.

    Args:
        stack: The stack's name.
        service: Which of its services, for example web.
        replicas: How many replicas it shall have from now on.
        reason: Why, in a sentence that is kept and shown. By hand unless you say more.
        wait: Wait while somebody else changes this stack, instead of failing.
        decision_id: The scaler's decision that this run applies. Empty for a run by hand.
    """
    async with open_ledger() as ledger:
        if (
            decision_id
            and (late := _late()) > STALE_SECONDS
            and not await asyncio.to_thread(_stands, ledger, stack, service, replicas)
        ):
            return Report(stack, f"the scaler asked for it {late:.0f} s ago: left to its next check", (), (), {})
        decision = await asyncio.to_thread(_decided, ledger, stack, service, replicas, decision_id)
        if decision_id and decision is None:
            summary = f"{decision_id} is none of the scaler's last decisions for {service}: left to its next check"
            return Report(stack, summary, (), (), {})
        return await _scale(ledger, stack, service, replicas, decision=decision, reason=reason, wait=wait)


async def _scale(
    ledger: Ledger, stack: str, service: str, replicas: int, *, decision: Decision | None, reason: str, wait: bool
) -> Report:
    async with stack_session(stack, ledger, "scale", wait=wait) as (context, snapshot):
        _refuse_torn_down(snapshot)
        await asyncio.to_thread(refuse_undo, ledger, stack)
        spec = snapshot.stack
        if not (decision and _stops(size(spec), service, replicas)):
            _refuse_out_of_bounds(stack, size(spec), service, replicas)
        running = desired_as_deployed(snapshot)
        count = desired_copies(running.resources).get(service, 0)
        desired = desired_as_deployed(snapshot.with_replicas({service: replicas}))
        if decision:
            await show_decision(stack, decision)
        else:
            refuse_over_budget(stack, desired.price)
            if note := manual_count_note(service, spec.services[service]):
                get_run_logger().info("%s", note)
        by_hand = f"{service}: {count} to {replicas} replicas, by hand"
        explanation = reason or (decision.reason if decision else by_hand)
        await asyncio.to_thread(ledger.stacks.override, context.lease, service, replicas, explanation)
        return await restore_healthy(context, snapshot, "scale", explanation, desired)


def _late() -> float:
    """Seconds since this run was due."""
    run = current_run()
    return seconds_late(run) if run else 0.0


def _stands(ledger: Ledger, stack: str, service: str, replicas: int) -> bool:
    """Whether a recent check decided the same count: runs on a busy machine are late, but still right."""
    newest = ledger.decisions.recent(stack, service, 1)
    return any(record.decision.replicas == replicas and now() - record.until < STALE_SECONDS for record in newest)


def _decided(ledger: Ledger, stack: str, service: str, replicas: int, decision_id: str) -> Decision | None:
    """The autoscaler's decision that this run applies, if any. It has respected the budget already."""
    last = ledger.decisions.recent(stack, service, DECISIONS_SEEN) if decision_id else ()
    decided = (record.decision for record in last if record.id == decision_id)
    return next((decision for decision in decided if decision.replicas == replicas), None)


def _stops(sizing: Sizing, service: str, replicas: int) -> bool:
    """Whether a service is stopped, below its minimum, that may be when the month's budget is spent."""
    return not replicas and service in sizing.services and sizing.services[service].stops


def _refuse_torn_down(snapshot: StackSnapshot) -> None:
    if not snapshot.is_active:
        name = snapshot.stack.name
        raise PlanError(f"{name} is torn down. Bring it back first: tenfold provision {name}")


def _refuse_out_of_bounds(stack: str, sizing: Sizing, service: str, replicas: int) -> None:
    if service not in sizing.services:
        raise PlanError(f"{stack} has no service `{service}`. It has: {', '.join(sizing.services)}.")
    bounds = sizing.services[service]
    if not bounds.minimum <= replicas <= bounds.maximum:
        raise PlanError(
            f"{stack}: {service} may have {bounds.minimum} to {bounds.maximum} replicas, not {replicas}. The upper "
            f"bound is its design capacity unless the spec says otherwise: change `users`, `headroom` or `replicas` of "
            f"`{service}` in the spec and provision again."
        )
