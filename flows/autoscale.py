"""Autoscale: does every service have the replicas that its users need? On a timer, for all stacks at once."""

import asyncio

from prefect.logging import get_run_logger

from flows.engine.converge import Report
from flows.engine.frame import opened_ledger, runbook
from flows.engine.run_info import seconds_late, this_run
from infra_specs.errors import LockHeld
from tasks.autoscaling.check import Due, Outcome, check
from tasks.autoscaling.measure import measure
from tasks.autoscaling.scale_runs import Refused, Started, free, start
from tasks.autoscaling.staleness import silence
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.ledger import Hold, Ledger
from tasks.ledger.checks import lock_name
from tasks.run.lock import locked

whose = "all stacks"


@runbook
async def autoscale() -> Report:
    """Measure every service, decide how many replicas it needs, and start a scale run where that is another number.

    Only one check runs at a time. One that begins later than the next was due does nothing: it has nothing to catch up.
    """
    here = settings()
    async with opened_ledger() as ledger:
        # On a machine so busy that every one is late, none would ever be made.
        if (late := _late()) > here.autoscale_seconds and not silence(
            ledger.last_check(), here.autoscale_seconds, now()
        ):
            return _said(f"{late:.0f} s late, so it is left to the next")
        try:
            async with locked(ledger, lock_name, "autoscale", here.lease_seconds, wait=False) as hold:
                outcome = await asyncio.to_thread(check, ledger, hold, measure, interval=here.autoscale_seconds)
                return _said(_summary(outcome, await _start(ledger, hold, outcome)))
        except LockHeld as other:
            return _said(f"left to the check that is under way: {other}")


async def _start(ledger: Ledger, hold: Hold, outcome: Outcome) -> tuple[Started | Refused, ...]:
    """Have what was decided done, where nobody else is at the stack: the next check finds those again.
    Returns what came of each that was asked for."""
    log = get_run_logger()
    for fault in outcome.faults:
        log.warning("%s", fault)
    for note in outcome.notes:
        log.info("%s", note)
    for advice in outcome.advice:
        log.info("Advice, not done: %s", advice)
    wanted = [due for due in outcome.due if await asyncio.to_thread(free, ledger, due)]
    asked = await start(wanted) if wanted else ()
    for one in asked:
        if isinstance(one, Refused):
            log.warning("%s: not asked for again: %s It was refused: %s", one.due.stack, one.due.decision, one.why)
            continue
        await asyncio.to_thread(ledger.acted, hold, one.due.id, one.flow_run_id)
        log.info("%s: %s", one.due.stack, one.due.decision)
    return asked


def _summary(outcome: Outcome, asked: tuple[Started | Refused, ...]) -> str:
    said = [f"{_brief(one.due)}{' was refused' if isinstance(one, Refused) else ''}" for one in asked]
    answered = {one.due.id for one in asked}
    waiting = [_brief(due) for due in outcome.due if due.id not in answered]
    parts = [str(outcome), *said, *(f"{one} waits for the run that is at it" for one in waiting)]
    return "; ".join(parts) if len(parts) > 1 else f"{outcome}, nothing to change"


def _brief(due: Due) -> str:
    return f"{due.stack} {due.decision.service} {due.decision.before} to {due.decision.replicas}"


def _late() -> float:
    """Seconds after its time; 0 for a run that a person asked for, however long it had to wait."""
    run = this_run()
    return seconds_late(run) if run and run.auto_scheduled else 0.0


def _said(summary: str) -> Report:
    return Report(whose, summary, (), (), {})
