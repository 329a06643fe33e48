"""Reconcile: what has drifted from what was wanted is brought back, on a timer."""

import asyncio

from prefect.logging import get_run_logger

from flows.engine.converge import Report
from flows.engine.frame import on_site, opened_ledger, runbook
from flows.engine.rollout import bring_back
from infra_specs.errors import ChangeFailed, LockHeld, TenfoldError
from infra_specs.plan.backoff import rests_until
from infra_specs.stack_fault import paragraph
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.stack.certificate import renew_certificate
from tasks.stack.record import still_wanted, unknown_stack, wish_as_deployed

at_once = 16
"""Stacks that are repaired side by side."""
failures_seen = 8
"""Runs that are looked back at: after so many failures in a row the rest does not grow any more."""


@runbook
async def reconcile(stack: str = "") -> Report:
    """Look at what runs and repair what is not as wanted. A stack that somebody is changing is left to them.

    Args:
        stack: The stack's name. Empty for every stack.
    """
    async with opened_ledger() as ledger:
        if stack and ledger.wanted(stack) is None:
            raise unknown_stack(ledger, stack)  # a refusal, and no fault of a stack
        names = [stack] if stack else [known.name for known in ledger.stacks() if known.wanted]
        turns = asyncio.Semaphore(at_once)
        outcomes = await asyncio.gather(*(_isolated(ledger, name, turns, rest=not stack) for name in names))
    if failed := [outcome for outcome in outcomes if isinstance(outcome, str)]:
        raise ChangeFailed("\n\n".join(failed))
    return _together([outcome for outcome in outcomes if isinstance(outcome, Report)])


async def _isolated(ledger: Ledger, name: str, turns: asyncio.Semaphore, *, rest: bool) -> Report | str | None:
    """What came of one stack: its report, or why it failed, or nothing for a stack that somebody is changing.

    Whatever it is, the others are repaired all the same; and one that hangs takes one turn of several.
    """
    async with turns:
        try:
            return await _reconcile_one(ledger, name, rest=rest)
        except LockHeld as busy:
            get_run_logger().info("%s", busy)
            return None
        except Exception as error:
            if not isinstance(error, TenfoldError):  # a bug, told with its traceback
                get_run_logger().exception("%s cannot be repaired.", name)
            return paragraph(name, error)


async def _reconcile_one(ledger: Ledger, name: str, *, rest: bool) -> Report:
    """`rest`: after failures in a row it is left alone for a while."""
    # A command that somebody ran and that failed says nothing of repairs.
    tried = [run for run in ledger.history(name, failures_seen) if run.verb != "run"] if rest else []
    until = rests_until(tried, settings().reconcile_seconds)
    if until is not None and now() < until:
        return Report(name, f"{name} failed to be repaired and is left alone for {until - now():.0f} s", (), (), {})
    async with on_site(name, ledger, "reconcile") as (site, what, source):
        if not still_wanted(ledger, name):  # torn down, perhaps since the stacks were listed
            return Report(name, f"{name} is torn down and stays so", (), (), {})
        if said := renew_certificate(ledger, site.hold, what, source):
            get_run_logger().info("%s", said)
        return await bring_back(site, "reconcile", "what runs had drifted", wish_as_deployed(ledger, what, source))


def _together(reports: list[Report]) -> Report:
    if len(reports) == 1:
        return reports[0]
    changes = tuple(change for report in reports for change in report.changes)
    summary = f"{len(reports)} stacks looked at, {len(changes)} changes"
    return Report("all stacks", summary, changes, tuple(kept for report in reports for kept in report.kept), {})
