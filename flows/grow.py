"""Grow: the next step of a stack, weighed, and done once a person has approved it."""

import asyncio
from typing import Any

from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.input.actions import acreate_flow_run_input, aread_flow_run_input
from pydantic import Field

from flows.engine.converge import Report
from flows.engine.frame import frame, open_ledger
from flows.provision import provision_stack
from infra_specs.advice.growth import Advice
from infra_specs.advice.proposal import Proposal
from infra_specs.advice.proposed_change import with_change
from infra_specs.errors import PlanError
from infra_specs.stackfile.models.stack import Stack
from tasks.autoscaling.advice import advice
from tasks.autoscaling.artifacts import show_advice
from tasks.ledger import Ledger, StackRecord
from tasks.stack.record import recorded_spec

ANSWER_SECONDS = 7 * 86_400
"""Seconds that the run waits for an answer before it fails. It can be started again."""
PROPOSAL_KEY = "shown"


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


@frame
async def grow(stack: str) -> Report:
    """Weigh the next step of a stack, wait until somebody approves it on this run's page, and do it.

    While it waits it holds nothing, neither a process nor the stack. The values in its form can be changed before they
    are approved. What is advised and what was changed in the form is done; all else stays as it is by then.

    Args:
        stack: The stack's name.
    """
    proposal = await _proposal(stack)
    answer = await asuspend_flow_run(wait_for_input=_form(proposal), timeout=ANSWER_SECONDS)
    if not answer.approve:
        return Report(stack, "not approved, so nothing was changed", (), (), {})
    change = proposal.asked(answer.model_dump())
    async with open_ledger() as ledger:
        await asyncio.to_thread(_refuse_another, ledger, proposal, change)

        def approved(now: Stack) -> Stack:
            proposal.refuse_misfit(now, change)
            return with_change(now, change)

        return await provision_stack(ledger, stack, None, change=approved, wait=True)


async def _proposal(stack: str) -> Proposal:
    """The proposal to approve. A resumed run starts from its beginning, and reads the proposal that it stored."""
    if saved := await aread_flow_run_input(PROPOSAL_KEY):
        return Proposal.from_data(saved)
    async with open_ledger() as ledger:
        record = await asyncio.to_thread(_active_record, ledger, stack)
        advised = await asyncio.to_thread(_advised, ledger, record)
        spec = record.stack()
    await show_advice(stack, advised)
    proposal = Proposal.of(spec, advised, record.since)
    await acreate_flow_run_input(PROPOSAL_KEY, proposal.as_data())
    return proposal


def _active_record(ledger: Ledger, stack: str) -> StackRecord:
    recorded_spec(ledger, stack)
    record = ledger.stacks.find(stack)
    if record is None or not record.wanted:
        raise PlanError(f"{stack} is torn down. Bring it back first: tenfold provision {stack}")
    return record


def _advised(ledger: Ledger, record: StackRecord) -> tuple[Advice, ...]:
    """The advice for a stack; only that about growth if its target does not answer. Raises PlanError for none."""
    advised, faults = advice(ledger, [record])
    if record.name not in advised:
        raise PlanError(" ".join(map(str, faults)))
    return advised[record.name]


def _refuse_another(ledger: Ledger, proposal: Proposal, change: dict[str, Any]) -> None:
    """Raise PlanError if the stack was changed so that the advice would differ now."""
    record = _active_record(ledger, proposal.stack)
    if record.since != proposal.since:
        spec, _ = recorded_spec(ledger, proposal.stack)
        proposal.refuse_misfit(spec, change)
        proposal.refuse_unadvised(change, Proposal.of(spec, _advised(ledger, record), record.since))


def _form(proposal: Proposal) -> type[Approval]:
    """The form, filled in with the advised values."""
    fields = {
        name: Field(default=value, description=Approval.model_fields[name].description)
        for name, value in proposal.form.items()
    }
    return Approval.with_initial_data(description=f"## The next step of {proposal.stack}\n\n{proposal.said}", **fields)
