"""Rollback: what an earlier release held, as a new release."""

from typing import Annotated

from pydantic import Field

from flows.converge import Report
from flows.deliver import deliver, deployable
from flows.runbook import on_site, opened_ledger, runbook
from infra_specs.errors import PlanError
from infra_specs.releases.which import to_go_back_to
from tasks.ledger import Ledger, Release


@runbook
async def rollback(
    stack: str, release: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0, wait: bool = False
) -> Report:
    """Go back to an earlier release: its images, commands, environment and secrets, in the counts of now.

    Data stays as it is, and no `before` command runs.

    Args:
        stack: The stack's name.
        release: The number of the release, as tenfold releases lists them. 0 for the last one that was another.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    async with opened_ledger() as ledger, on_site(stack, ledger, "rollback", wait=wait) as (site, what, source):
        deployable(ledger, what, source)
        then = to_go_back_to(stack, ledger.releases(stack), release)
        _refuse_lost_secrets(ledger, then)
        return await deliver(site, "rollback", what, source, then.content, why=f"back to {then}: ")


def _refuse_lost_secrets(ledger: Ledger, then: Release) -> None:
    kept = ledger.secret_kept(then.stack)
    if lost := [f"{name} v{one}" for name, one in then.content.secrets.items() if one not in kept.get(name, ())]:
        raise PlanError(
            f"{then} of {then.stack} was given secrets that were erased since: {', '.join(lost)}. Deploy what it held "
            "with the secrets of now instead."
        )
