"""Grow: the next step of a stack, weighed, and done once a person has approved it."""

import asyncio
from typing import Any

from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.input.actions import acreate_flow_run_input, aread_flow_run_input
from pydantic import Field

from flows.engine.converge import Report
from flows.engine.frame import opened_ledger, runbook
from flows.provision import provisioned
from infra_specs.advice.growth import Advice
from infra_specs.advice.proposal import Proposal
from infra_specs.advice.proposed_change import changed
from infra_specs.errors import PlanError
from infra_specs.stackfile.models.stack import Stack
from tasks.autoscaling.advice import advice
from tasks.autoscaling.artifacts import show_advice
from tasks.ledger import Ledger, Wanted
from tasks.stack.record import remembered

waits_seconds = 7 * 86_400
"""For an answer; then the run has failed, and can be started again."""
shown_key = "shown"


class Approval(RunInput):
    """What a person answers. Each value is as the advice would have it, or else as the file has it."""

    approve: bool = Field(default=False, description="Change the stack so. Without it nothing is changed.")
    users: int = Field(
        default=0, ge=0, le=10_000_000_000, description="People who use it in a month: everything is sized from them."
    )
    headroom: float = Field(
        default=10, ge=1, le=1_000_000, description="How many times today's demand it is designed for."
    )
    budget: float = Field(default=0, ge=0, le=100_000_000, description="USD a month that it may cost; 0 for no budget.")
    others: dict[str, Any] = Field(default={}, description="Other keys of the file, as they shall be.")


@runbook
async def grow(stack: str) -> Report:
    """Weigh the next step of a stack, wait until somebody approves it on this run's page, and do it.

    While it waits it holds nothing, neither a process nor the stack. The values in its form can be changed before they
    are approved. What is advised and what was changed in the form is done; all else stays as it is by then.

    Args:
        stack: The stack's name.
    """
    shown = await _shown(stack)
    answer = await asuspend_flow_run(wait_for_input=_form(shown), timeout=waits_seconds)
    if not answer.approve:
        return Report(stack, "not approved, so nothing was changed", (), (), {})
    change = shown.asked(answer.model_dump())
    async with opened_ledger() as ledger:
        await asyncio.to_thread(_refuse_another, ledger, shown, change)

        def approved(now: Stack) -> Stack:
            shown.refuse_misfit(now, change)
            return changed(now, change)

        return await provisioned(ledger, stack, None, change=approved, wait=True)


async def _shown(stack: str) -> Proposal:
    """What is to be approved. A run that was answered begins anew, and reads what it kept when it first began."""
    if kept := await aread_flow_run_input(shown_key):
        return Proposal.from_data(kept)
    async with opened_ledger() as ledger:
        known = _known(ledger, stack)
        found = await asyncio.to_thread(_advised, ledger, known)
        spec, _ = remembered(ledger, stack)
    await show_advice(stack, found)
    shown = Proposal.of(spec, found, known.since)
    await acreate_flow_run_input(shown_key, shown.as_data())
    return shown


def _known(ledger: Ledger, stack: str) -> Wanted:
    remembered(ledger, stack)
    known = ledger.wanted(stack)
    if known is None or not known.wanted:
        raise PlanError(f"{stack} is torn down. Bring it back first: tenfold provision {stack}")
    return known


def _advised(ledger: Ledger, known: Wanted) -> tuple[Advice, ...]:
    """What is to be said of it; of its growth alone while its target does not answer. Raises PlanError for neither."""
    found, faults = advice(ledger, [known])
    if known.name not in found:
        raise PlanError(" ".join(map(str, faults)))
    return found[known.name]


def _refuse_another(ledger: Ledger, shown: Proposal, change: dict[str, Any]) -> None:
    """Raises PlanError where the stack was changed so that something else would be advised by now."""
    known = _known(ledger, shown.stack)
    if known.since != shown.since:
        spec, _ = remembered(ledger, shown.stack)
        shown.refuse_misfit(spec, change)
        shown.refuse_unadvised(change, Proposal.of(spec, _advised(ledger, known), known.since))


def _form(shown: Proposal) -> type[Approval]:
    """The form with what is advised filled in."""
    fields = {
        name: Field(default=value, description=Approval.model_fields[name].description)
        for name, value in shown.form.items()
    }
    return Approval.with_initial_data(description=f"## The next step of {shown.stack}\n\n{shown.said}", **fields)
