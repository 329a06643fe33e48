"""Autoscale: check the replica counts of all stacks, on a timer, and start scale runs."""

import asyncio

from prefect.logging import get_run_logger

from flows.engine.converge import Report
from flows.engine.frame import frame, open_ledger
from flows.engine.run_info import current_run, seconds_late
from infra_specs.alerts.message import title_of
from infra_specs.errors import Fenced, LockHeld, TenfoldError
from tasks.alerts.evaluate import evaluate
from tasks.autoscaling.check import CheckOutcome, PendingDecision, check
from tasks.autoscaling.interval import seconds_between_checks
from tasks.autoscaling.measure import measure
from tasks.autoscaling.scale_runs import Rejected, Started, is_free, start
from tasks.autoscaling.staleness import staleness
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.ledger import Lease, Ledger
from tasks.run.lock import check_lock

ALL_STACKS = "all stacks"


@frame
async def autoscale() -> Report:
    """Measure every service, decide how many replicas it needs, and start a scale run where that is another number.

    Only one check runs at a time. One that begins later than the next was due does nothing: it has nothing to catch up.
    """
    config = settings()
    async with open_ledger() as ledger:
        # On a machine so busy that every check is late, no check would ever run: so not if checks are missing.
        last = await asyncio.to_thread(ledger.checks.last)
        interval = await asyncio.to_thread(seconds_between_checks, ledger, config)
        if (late := _late()) > interval and not staleness(last, interval, now()):
            return _report(f"{late:.0f} s late, so it is left to the next")
        try:
            async with check_lock(ledger, config.lease_seconds) as lease:
                outcome = await asyncio.to_thread(check, ledger, lease, measure, interval=interval)
                results = await _start(ledger, lease, outcome)
                await _alert(ledger, lease, outcome)
                started = tuple(_brief(result.pending) for result in results if isinstance(result, Started))
                seldom = (
                    f"; every {interval:g} s, as nothing can be scaled" if interval > config.autoscale_seconds else ""
                )
                return _report(_summary(outcome, results) + seldom, started)
        except LockHeld as other:
            return _report(f"left to the check that is under way: {other}")


async def _start(ledger: Ledger, lease: Lease, outcome: CheckOutcome) -> tuple[Started | Rejected, ...]:
    """Start a scale run for each pending decision whose stack is free. The next check finds the others again.

    Returns the outcome of each start."""
    log = get_run_logger()
    for fault in outcome.faults:
        log.warning("%s", fault)
    for note in outcome.notes:
        log.info("%s", note)
    for advice in outcome.advice:
        log.info("Advice, not done: %s", advice)
    startable = [pending for pending in outcome.pending if await asyncio.to_thread(is_free, ledger, pending)]
    results = await start(startable) if startable else ()
    for result in results:
        if isinstance(result, Rejected):
            log.warning(
                "%s: not asked for again: %s It was refused: %s",
                result.pending.stack,
                result.pending.decision,
                result.why,
            )
            continue
        await asyncio.to_thread(ledger.decisions.acted, lease, result.pending.id, result.flow_run_id)
        log.info("%s: %s", result.pending.stack, result.pending.decision)
    return results


async def _alert(ledger: Ledger, lease: Lease, outcome: CheckOutcome) -> None:
    """Decide the alerts. That it fails is told, and is no fault of the check."""
    log = get_run_logger()
    try:
        alerts = await asyncio.to_thread(evaluate, ledger, lease, outcome)
    except Fenced:
        raise
    except TenfoldError as error:
        log.warning("The alerts could not be decided: %s", error)
    else:
        for alert in alerts:
            log.info("Alert: %s: %s", title_of(alert), alert.what)


def _summary(outcome: CheckOutcome, results: tuple[Started | Rejected, ...]) -> str:
    started = [
        f"{_brief(result.pending)}{' was refused' if isinstance(result, Rejected) else ''}" for result in results
    ]
    answered = {result.pending.id for result in results}
    waiting = [_brief(pending) for pending in outcome.pending if pending.id not in answered]
    parts = [str(outcome), *started, *(f"{result} waits for the run that is at it" for result in waiting)]
    return "; ".join(parts) if len(parts) > 1 else f"{outcome}, nothing to change"


def _brief(pending: PendingDecision) -> str:
    return f"{pending.stack} {pending.decision.service} {pending.decision.before} to {pending.decision.replicas}"


def _late() -> float:
    """Seconds since the scheduled start; 0 for a run that a person started."""
    run = current_run()
    return seconds_late(run) if run and run.auto_scheduled else 0.0


def _report(summary: str, started: tuple[str, ...] = ()) -> Report:
    return Report(ALL_STACKS, summary, started, (), {})
