"""Scale: another number of replicas, by hand."""

from typing import Annotated

from pydantic import Field

from flows.converge import Report, converge
from flows.runbook import on_site, opened_ledger, runbook
from infra_specs.errors import PlanError
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.sizing.size import Sizing, size
from tasks.wish import remembered, wish


@runbook
async def scale(
    stack: Annotated[str, Field(description="The stack's name.")],
    service: Annotated[str, Field(description="Which of its services.")],
    replicas: Annotated[int, Field(ge=0, le=10_000, description="How many replicas it shall have from now on.")],
    wait: Annotated[
        bool, Field(description="Wait while somebody else changes this stack, instead of failing.")
    ] = False,
) -> Report:
    """Give a service another number of replicas. It keeps them through later provisions, within the spec's bounds."""
    async with opened_ledger() as ledger:
        what, source = remembered(ledger, stack)
        _refuse_out_of_bounds(stack, size(what), service, replicas)
        async with on_site(what, ledger, "scale", wait=wait) as site:
            before = wish(ledger, what, source)
            was = sum(resource.address.startswith(f"replica/{service}-") for resource in before.resources)
            reason = f"{service}: {was} to {replicas} replicas, by hand"
            ledger.override(site.hold, service, replicas, reason)
            planned = wish(ledger, what, source)
            refuse_over_budget(stack, planned.price)
            return await converge(site, "scale", reason, planned.resources)


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
