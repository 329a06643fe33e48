"""Scale: another number of replicas, by hand or because the users need it."""

from typing import Annotated

from prefect.logging import get_run_logger
from pydantic import Field

from flows.engine.converge import Report
from flows.engine.frame import on_site, opened_ledger, runbook
from flows.engine.rollout import bring_back
from flows.engine.run_info import seconds_late, this_run
from infra_specs.errors import PlanError
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.resources.address import is_of_service
from infra_specs.scaling.by_hand import how_long_it_holds
from infra_specs.scaling.decision import Decision
from infra_specs.sizing.size import Sizing, size
from tasks.autoscaling.artifacts import show_decision
from tasks.autoscaling.scale_runs import is_the_scalers
from tasks.base.clock import now
from tasks.ledger import Ledger
from tasks.stack.record import still_wanted, wish_as_deployed

stale_seconds = 120.0
"""After so long the scaler's decision is carried out only if a check has found it right again meanwhile."""
decisions_seen = 3
"""The scaler may have decided anew since it asked for this run."""


@runbook
async def scale(
    stack: str, service: str, replicas: Annotated[int, Field(ge=0, le=10_000)], reason: str = "", wait: bool = False
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
    """
    async with opened_ledger() as ledger:
        if (late := _late(stack)) > stale_seconds and not _stands(ledger, stack, service, replicas):
            return Report(stack, f"the scaler asked for it {late:.0f} s ago: left to its next check", (), (), {})
        return await _scale(ledger, stack, service, replicas, reason=reason, wait=wait)


async def _scale(ledger: Ledger, stack: str, service: str, replicas: int, *, reason: str, wait: bool) -> Report:
    async with on_site(stack, ledger, "scale", wait=wait) as (site, what, source):
        _refuse_torn_down(stack, ledger)
        if not _ends(ledger, size(what), stack, service, replicas):
            _refuse_out_of_bounds(stack, size(what), service, replicas)
        before = wish_as_deployed(ledger, what, source)
        was = sum(is_of_service(resource.address, service) for resource in before.resources)
        planned = wish_as_deployed(ledger, what, source, counts={service: replicas})
        if decision := _decided(ledger, stack, service, replicas, reason):
            await show_decision(stack, decision)
        else:
            refuse_over_budget(stack, planned.price)
            if said := how_long_it_holds(service, what.services[service]):
                get_run_logger().info("%s", said)
        why = reason or f"{service}: {was} to {replicas} replicas, by hand"
        ledger.override(site.hold, service, replicas, why)
        return await bring_back(site, "scale", why, planned)


def _late(stack: str) -> float:
    """Seconds since the scaler asked for this run; 0 for one that a person asked for."""
    run = this_run()
    return seconds_late(run) if run and is_the_scalers(run, stack) else 0.0


def _stands(ledger: Ledger, stack: str, service: str, replicas: int) -> bool:
    """Whether the scaler has wanted the same within the last while: a busy machine's runs are late, and right."""
    newest = ledger.decisions(stack, service, 1)
    return any(one.decision.replicas == replicas and now() - one.until < stale_seconds for one in newest)


def _decided(ledger: Ledger, stack: str, service: str, replicas: int, reason: str) -> Decision | None:
    """The scaler's own decision if this run carries it out: what it weighed is shown, and the budget was among it."""
    last = (kept.decision for kept in ledger.decisions(stack, service, decisions_seen))
    return next((one for one in last if (one.replicas, one.reason) == (replicas, reason)), None)


def _ends(ledger: Ledger, sizing: Sizing, stack: str, service: str, replicas: int) -> bool:
    """Whether the scaler ends the service, below its minimum, since the month's budget is gone: nobody does by hand."""
    may = not replicas and service in sizing.services and sizing.services[service].stops
    return may and any(not kept.decision.replicas for kept in ledger.decisions(stack, service, decisions_seen))


def _refuse_torn_down(stack: str, ledger: Ledger) -> None:
    if not still_wanted(ledger, stack):
        raise PlanError(f"{stack} is torn down. Bring it back first: tenfold provision {stack}")


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
