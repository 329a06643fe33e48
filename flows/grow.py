"""Grow: the next step of a stack, weighed, and done once a person has approved it."""

from collections.abc import Iterable
from typing import Any

from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from flows.converge import Report
from flows.provision import provisioned
from flows.runbook import opened_ledger, runbook
from infra_specs.advice.growth import Advice
from infra_specs.advice.step import changed, merged
from infra_specs.errors import PlanError
from infra_specs.spec.stack import Stack
from tasks.capacity.advice import advice
from tasks.capacity.artifacts import show_advice
from tasks.ledger import Ledger, Wanted
from tasks.wish import remembered

waits_seconds = 7 * 86_400
"""For an answer; then the run has failed, and can be started again."""


class Approval(RunInput):
    """What a person answers. Each value is as the advice would have it, or else as the file has it."""

    approve: bool = Field(default=False, description="Change the stack so. Without it nothing is changed.")
    users: int = Field(default=0, ge=0, description="People who use it in a month: everything is sized from them.")
    headroom: float = Field(default=10, ge=1, description="How many times today's demand it is designed for.")
    budget: float = Field(default=0, ge=0, description="USD a month that it may cost; 0 for no budget.")
    others: dict[str, Any] = Field(default={}, description="Other keys of the file, as they shall be.")


@runbook
async def grow(stack: str) -> Report:
    """Weigh the next step of a stack, wait until somebody approves it on this run's page, and do it.

    While it waits it holds nothing, neither a process nor the stack. The values in its form can be changed before they
    are approved.

    Args:
        stack: The stack's name.
    """
    async with opened_ledger() as ledger:
        known = _known(ledger, stack)
        found = advice(ledger, known)
        spec, _ = remembered(ledger, stack)
    await show_advice(stack, found)
    answer = await asuspend_flow_run(wait_for_input=_form(spec, found), timeout=waits_seconds)
    if not answer.approve:
        return Report(stack, "not approved, so nothing was changed", (), (), {})
    async with opened_ledger() as ledger:
        _known(ledger, stack)
        now, source = remembered(ledger, stack)  # somebody may have changed it while nobody answered
        return await provisioned(ledger, stack, (changed(now, _change(answer)), source), wait=True)


def _known(ledger: Ledger, stack: str) -> Wanted:
    remembered(ledger, stack)
    known = ledger.wanted(stack)
    if known is None or not known.wanted:
        raise PlanError(f"{stack} is torn down. Bring it back first: tenfold provision {stack}")
    return known


def _form(spec: Stack, found: Iterable[Advice]) -> type[Approval]:
    """The form with what is advised filled in. What is idle is only said: less is a person's own decision."""
    told = tuple(found)
    advised: dict[str, Any] = {}
    for one in told:
        advised = merged(advised, one.step.change) if one.step and not one.less else advised
    values = {
        "users": advised.pop("users", {}).get("monthly", spec.users.monthly),
        "headroom": advised.pop("headroom", spec.headroom),
        "budget": advised.pop("budget", spec.budget or 0),
        "others": advised,
    }
    fields = {
        name: Field(default=value, description=Approval.model_fields[name].description)
        for name, value in values.items()
    }
    said = "\n".join(f"- **{one.about}**: {one}" for one in told) or "Nothing presses."
    return Approval.with_initial_data(description=f"## The next step of {spec.name}\n\n{said}", **fields)


def _change(answer: Approval) -> dict[str, Any]:
    asked = {"users": {"monthly": answer.users}, "headroom": answer.headroom, "budget": answer.budget or None}
    return merged(asked, answer.others)
