"""Reconcile: repair drift from the desired state, on a timer."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from time import monotonic

from prefect.logging import get_run_logger

from flows.engine.backups import tidy_abandoned
from flows.engine.bound import at_most, bounds_itself
from flows.engine.certificates import with_certificates
from flows.engine.converge import Report
from flows.engine.frame import allow_calls, frame, open_ledger, stack_session
from flows.engine.front import fronts, reconcile_front, with_front
from flows.engine.looks import Looks
from flows.engine.rollout import restore_healthy
from flows.engine.run_info import is_asked_for
from flows.engine.undo import finish_undo
from flows.engine.watch import judge_watched
from infra_specs.desired import DesiredStack, StackSnapshot, desired_as_deployed
from infra_specs.errors import ChangeFailed, LockHeld, SpecError, TenfoldError
from infra_specs.plan.backoff import FAILURES_SEEN, Rest, rest_of
from infra_specs.releases.selection import is_settled
from infra_specs.sharing.claims import claims_of
from infra_specs.stack_fault import paragraph
from tasks.backups.undo import refuse_undo
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.ledger import Ledger, StackRecord
from tasks.ledger.locks import utc
from tasks.run.context import RunContext
from tasks.run.tags import NOTABLE, tag_run
from tasks.stack.certificate import renew_certificate
from tasks.stack.record import unknown_stack

MAX_STACKS = 16
"""Stacks that are repaired concurrently, as long as none of them takes longer than its turn."""
TURN_SECONDS = 10.0
"""Seconds after which a stack that is still at work lets the next one begin beside it: its target may hang."""
LOOK_SECONDS = 18.0
"""Seconds after its begin after which a run that nobody asked for leaves the stacks that are still at work to go on
without it: just less than such a run may take."""
LONGEST_LOOK_SECONDS = 900.0
"""Seconds after which a repair that nobody asked for is given up, and its stack's lock with it: its target hangs, and
nobody can cancel what goes on without its run."""
LOOKS = Looks["Report | Held | str | None"]()
CALLS_OF_A_STACK = 2
"""Concurrent calls that a stack on a hanging target occupies at most."""


@dataclass(frozen=True, slots=True)
class Held:
    """A stack that another run is changing, so that it was not looked at."""

    stack: str


@frame
async def reconcile(stack: str = "") -> Report:
    """Look at what runs and repair what is not as wanted. A stack that somebody is changing is left to them.

    On a timer, what has failed is left alone for a while. By hand it is tried now.

    Args:
        stack: The stack's name. Empty for every stack.
    """
    began = monotonic()
    async with open_ledger() as ledger:
        names = await asyncio.to_thread(_names, ledger, stack)
    rest = not is_asked_for()
    allow_calls(CALLS_OF_A_STACK * len(names))
    turns = asyncio.Semaphore(MAX_STACKS)
    seconds = max(0.0, began + LOOK_SECONDS - monotonic()) if rest else None
    with bounds_itself():  # a run that ends late must not cancel its repairs
        looked = await LOOKS.at(names, lambda name: _isolated(name, turns, machine=names[name], rest=rest), seconds)
    for name in looked.late:
        get_run_logger().warning("%s takes more than %g s, and is looked at on.", name, LOOK_SECONDS)
    if looked.late:
        await tag_run(NOTABLE)
    if failed := [outcome for outcome in looked.outcomes if isinstance(outcome, str)]:
        raise ChangeFailed("\n\n".join(failed))
    held = [outcome.stack for outcome in looked.outcomes if isinstance(outcome, Held)]
    return _together([outcome for outcome in looked.outcomes if isinstance(outcome, Report)], looked.late, held)


def _names(ledger: Ledger, stack: str) -> dict[str, str]:
    """What to look at: the given stack, or all active ones whose target is to be looked at again by now, and the fronts
    of all machines. Of a front with its machine."""
    if stack:
        machine = "" if ledger.stacks.find(stack) else fronts(ledger).get(stack)
        if machine is None:
            raise unknown_stack(ledger, stack)  # a rejection, and no fault of a stack
        return {stack: machine}
    moment = now()
    due = [record.name for record in ledger.stacks.all() if record.wanted and _is_due(record, moment)]
    return {**dict.fromkeys(due, ""), **fronts(ledger)}


def _is_due(record: StackRecord, moment: float) -> bool:
    """Whether the stack's target may be looked at again. A stack that cannot be read is due: its run says why."""
    if record.reconciled is None:
        return True
    try:
        seconds = record.stack().target.reconcile_seconds
    except SpecError:
        return True
    # In the future: the clock was set back since.
    return moment - record.reconciled >= seconds or record.reconciled > moment


async def _isolated(name: str, turns: asyncio.Semaphore, *, machine: str, rest: bool) -> Report | Held | str | None:
    """Repair one stack, or the front of a `machine`. Returns its report, or the failure as text, or `Held` for one that
    another run is changing, or None for a front that is well.

    No error reaches the other stacks, and a stack that hangs holds up none of them. With `rest` it is given up after
    `LONGEST_LOOK_SECONDS`, and its lock is free.
    """
    async with _turn(turns):
        try:
            async with (
                open_ledger() as ledger,  # its own: it may go on when the run has ended
                at_most(LONGEST_LOOK_SECONDS if rest else None, _given_up()),
            ):
                if machine:
                    return await reconcile_front(ledger, machine)
                return await _reconcile_one(ledger, name, rest=rest)
        except LockHeld as busy:
            get_run_logger().info("%s", busy)
            return Held(name)
        except Exception as error:  # no error may affect the other stacks
            if not isinstance(error, TenfoldError):  # a bug, told with its traceback
                get_run_logger().exception("%s cannot be repaired.", name)
            return paragraph(name, error)


@asynccontextmanager
async def _turn(turns: asyncio.Semaphore) -> AsyncIterator[None]:
    """Wait for a turn, and give it back at the end of the block, or when the block takes too long."""
    await turns.acquire()
    given_back = ExitStack()
    given_back.callback(turns.release)
    late = asyncio.get_running_loop().call_later(TURN_SECONDS, given_back.close)
    try:
        yield
    finally:
        late.cancel()
        given_back.close()


def _given_up() -> str:
    return (
        f"Its repair took more than {LONGEST_LOOK_SECONDS:g} s and was given up: its target may hang. "
        "See whether the target answers. The timer tries again."
    )


async def _reconcile_one(ledger: Ledger, name: str, *, rest: bool) -> Report:
    """Repair one stack. With `rest` it leaves alone for a while what has failed: an address, or the whole stack."""
    left = await asyncio.to_thread(_rest, ledger, name) if rest else Rest()
    if left.stack_until is not None:
        seconds = left.stack_until - now()
        return Report(name, f"{name} failed to be repaired and is left alone for {seconds:.0f} s", (), (), {})
    await tidy_abandoned(ledger, name)  # before anything starts on data that was exchanged in part
    await finish_undo(ledger, name)
    async with stack_session(name, ledger, "reconcile") as (context, snapshot):
        context.is_asked_for = not rest
        if not snapshot.is_active:  # torn down, perhaps since the stacks were listed
            return Report(name, f"{name} is torn down and stays so", (), (), {})
        await asyncio.to_thread(refuse_undo, ledger, name)  # of a restore since
        if snapshot.stack.target.reconcile_seconds:
            await asyncio.to_thread(ledger.stacks.mark_reconciled, context.lease)
        renewed, note = await asyncio.to_thread(renew_certificate, ledger, context.lease, snapshot)
        if note:
            get_run_logger().info("%s", note)
        renewed = await judge_watched(context, renewed)
        desired = desired_as_deployed(renewed)
        context.repairs = is_settled(renewed.releases)
        resting = left.addresses if context.repairs else {}
        context.resting |= resting.keys()
        await with_front(context, renewed)
        report = await restore_healthy(context, renewed, "reconcile", "what runs had drifted", desired)
        await _settle_hosts(context, renewed, desired)
        report = await with_certificates(context, renewed, "reconcile", desired.content, report)
    await tidy_abandoned(ledger, name)
    return _with_resting(report, {address: resting[address] for address in report.resting})


async def _settle_hosts(context: RunContext, snapshot: StackSnapshot, desired: DesiredStack) -> None:
    """Claim the hosts of what runs and of the file, and no more: an earlier release's are free once it is not run."""
    claims = claims_of(snapshot.stack, desired.stack)
    if claims.hosts != snapshot.hosts.of(context.stack):
        await asyncio.to_thread(context.ledger.hosts.claim_free, context.lease, claims)
    await with_front(context, snapshot)


def _with_resting(report: Report, resting: Mapping[str, float]) -> Report:
    """The report, which says what is left alone as well, and until when."""
    resting_notes = [f"{address} failed and is left alone until {utc(until)}" for address, until in resting.items()]
    return replace(report, summary="; ".join([report.summary, *resting_notes]))


def _rest(ledger: Ledger, name: str) -> Rest:
    """What of the stack is left alone for now."""
    return rest_of(
        ledger.runs.history(name, FAILURES_SEEN),
        ledger.runs.attempts(name),
        settled=is_settled(ledger.releases.active(name)),
        every_seconds=settings().reconcile_seconds,
        moment=now(),
    )


def _together(reports: list[Report], late: Sequence[str], held: Sequence[str]) -> Report:
    not_seen_note = f"; looked at on, after {LOOK_SECONDS:g} s: {', '.join(late)}" if late else ""
    not_seen_note += f"; left to the runs that are changing them: {', '.join(held)}" if held else ""
    if len(reports) == 1:
        return replace(reports[0], summary=reports[0].summary + not_seen_note)
    changes = tuple(change for report in reports for change in report.changes)
    kept = tuple(kept for report in reports for kept in report.kept)
    resting = tuple(f"{report.stack} {address}" for report in reports for address in report.resting)
    resting_note = f"; left alone after failures: {', '.join(resting)}" if resting else ""
    summary = f"{len(reports)} stacks looked at, {len(changes)} changes{resting_note}{not_seen_note}"
    return Report("all stacks", summary, changes, kept, {}, resting=resting)
