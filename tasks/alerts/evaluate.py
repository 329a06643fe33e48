"""Decide the alerts of all stacks after a check, and put what is told of them where it is brought to receivers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from infra_specs.alerts.alert import Alert, Finding
from infra_specs.alerts.conditions import findings
from infra_specs.alerts.decide import Audience, Look, Notice, decide
from infra_specs.alerts.kinds import CHECK_KINDS, WATCHDOG_KINDS
from infra_specs.alerts.message import message_of
from infra_specs.alerts.quiet import QuietHours
from infra_specs.backup.time import is_backed_up
from infra_specs.errors import TenfoldError
from infra_specs.stack_fault import StackFault
from infra_specs.stackfile.models.stack import Stack
from tasks.alerts.gather import facts_of, surroundings
from tasks.alerts.last_changes import with_last_changes
from tasks.alerts.look import look_at_stacks
from tasks.autoscaling.check import CheckOutcome
from tasks.base.clock import now
from tasks.ledger import Lease, Ledger, StackRecord
from tasks.ledger.alerts import Recorded
from tasks.ledger.messages import NewMessage, Receiver


def evaluate(ledger: Ledger, lease: Lease, outcome: CheckOutcome) -> tuple[Alert, ...]:
    """Decide the alerts after a check. Returns those that are open. One caller at a time; blocks for some seconds.

    An alert and what is told of it are kept in one transaction: a check that is killed tells nothing twice.
    """
    everything = ledger.stacks.all()
    records = [record for record in everything if record.wanted]
    stacks = _readable(records)
    looks = ledger.looks.all()
    waiting = {
        (result.stack, result.service): result.measured.queue
        for result in outcome.results
        if result.measured.queue is not None
    }
    new = look_at_stacks(list(stacks.values()), looks, waiting)
    ledger.looks.put(new)
    moment = now()
    _expect_backups(ledger, stacks, moment)
    faults = {fault.stack: fault.why for fault in outcome.faults}
    around = surroundings(ledger, outcome.results, {**looks, **new}, faults, moment)
    known, unread = list[Finding](), set[str]()
    for record in records:
        try:
            known += findings(facts_of(ledger, record, around))
        except Exception as error:  # told as a fault of the stack: the others have their alerts all the same
            unread.add(record.name)
            why = StackFault.of(record.name, error).why
            known.append(Finding(record.name, "unreadable", "", is_fault=True, what=f"{record.name}: {why}",
                                 todo=f"See what is wrong: tenfold status {record.name}"))  # fmt: skip
    look = Look(moment, tuple(known), CHECK_KINDS, unread=unread)
    open_alerts = _decided(ledger, _readable(everything), look, lease)
    ledger.checks.mark_alerts(lease, moment)
    return open_alerts


def evaluate_silence(ledger: Ledger, fault: str | None) -> tuple[Alert, ...]:
    """Decide the alerts that a check cannot, since it is checks that have stopped: `fault` says so, empty that they
    come, None that it is not known yet. Returns those that are open. Blocks."""
    everything = ledger.stacks.all()
    is_fault = None if fault is None else bool(fault)
    known = [
        Finding(name, "checks", "", is_fault, f"{name} is looked after by nobody: {fault}",
                "Look at the control plane: tenfold server status")
        for name in _readable(record for record in everything if record.wanted)
    ]  # fmt: skip
    return _decided(ledger, _readable(everything), Look(now(), tuple(known), WATCHDOG_KINDS), None)


def receivers_of(stack: Stack) -> tuple[Receiver, ...]:
    """Who is told of a stack's alerts."""
    mails = (Receiver(mail) for mail in stack.alerts.mails)
    return (*mails, *(Receiver(secret, is_secret=True) for secret in stack.alerts.addresses))


def _decided(ledger: Ledger, stacks: Mapping[str, Stack], look: Look, lease: Lease | None) -> tuple[Alert, ...]:
    audiences = {name: _audience(stack) for name, stack in stacks.items()}
    look = replace(look, audiences=audiences, silences=ledger.silences.now(look.moment))
    before = {alert.id: alert for alert in ledger.alerts.known(look.moment)}
    decided = with_last_changes(ledger, decide(look, tuple(before.values())))
    changed = [alert for alert in decided.alerts if before.get(alert.id) != alert]
    messages = _messages(stacks, decided.notices)
    if changed or decided.forgotten or messages:
        ledger.alerts.record(Recorded(changed, decided.forgotten, messages), look.moment, lease)
    return tuple(alert for alert in decided.alerts if alert.is_open)


def _expect_backups(ledger: Ledger, stacks: Mapping[str, Stack], moment: float) -> None:
    known = ledger.backup_results.all()
    new = [name for name, stack in stacks.items() if is_backed_up(stack) and name not in known]
    ledger.backup_results.expect(new, moment)


def _messages(stacks: Mapping[str, Stack], notices: Sequence[Notice]) -> list[NewMessage]:
    """One message to each receiver for each notice."""
    return [
        NewMessage(message_of(notice), receiver)
        for notice in notices
        if notice.stack in stacks
        for receiver in receivers_of(stacks[notice.stack])
    ]


def _audience(stack: Stack) -> Audience:
    quiet = QuietHours.of(stack.alerts.quiet) if stack.alerts.quiet else None
    return Audience(bool(stack.alerts.to), quiet)


def _readable(records: Iterable[StackRecord]) -> dict[str, Stack]:
    """Those whose specs this version can read, by name: only of these somebody can be told."""
    stacks: dict[str, Stack] = {}
    for record in records:
        try:
            stacks[record.name] = record.stack()
        except TenfoldError:
            continue
    return stacks
