"""Bring messages to their receivers: each is tried until it is taken. A slow receiver keeps no other waiting."""

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import httpx

from infra_specs.errors import TenfoldError, TransientError
from infra_specs.stackfile.models.stack import Stack
from tasks.alerts.evaluate import receivers_of
from tasks.base.clock import now
from tasks.base.side_by_side import side_by_side
from tasks.ledger import Ledger, StackRecord
from tasks.ledger.messages import DueMessage, Receiver
from tasks.stack.addresses import address_of, checked_url, send

ANSWER_SECONDS = 30.0
"""Seconds that all receivers together are waited for; who takes longer may get a message twice, with the same id."""
HEARTBEAT_SECONDS = 10.0
MOST_REFUSED = 3
"""Messages that a receiver refuses in a row, before the others wait for a while: it may be away."""


def bring_due(ledger: Ledger, seconds: float = ANSWER_SECONDS) -> tuple[str, ...]:
    """Try all messages that are due. Returns a sentence for each receiver who did not take one. Blocks.

    A message to somebody whom the stack's file names no more is forgotten. While the file cannot be read, it waits.
    """
    due = ledger.messages.due(now())
    if not due:
        return ()
    records = ledger.stacks.all()
    names, stacks = {record.name for record in records}, _readable(records)
    by_receiver: dict[str, list[DueMessage]] = {}
    for message in due:
        stack = stacks.get(message.message.stack)
        if stack is not None and message.receiver in receivers_of(stack):
            by_receiver.setdefault(f"{stack.name} {message.receiver.name}", []).append(message)
        elif stack is not None or message.message.stack not in names:
            ledger.messages.drop(message.message.stack, receivers_of(stack) if stack else ())
    jobs = {
        name: partial(_bring, ledger, stacks[messages[0].message.stack], messages, seconds / 2)
        for name, messages in by_receiver.items()
    }
    _, late = side_by_side(jobs, seconds)
    for fault in late:
        for message in by_receiver[fault.stack]:
            ledger.messages.refused(message, fault.why, now())
    return tuple(f"The message to {fault.stack.partition(' ')[2]} was not taken: {fault.why}" for fault in late)


def _bring(ledger: Ledger, stack: Stack, messages: Sequence[DueMessage], seconds: float) -> None:
    """The messages to one receiver, the oldest first. One that is refused keeps no other waiting.

    None is begun after so many seconds, so that whoever waits twice as long has not given up before it ends. Raises
    PlanError for an address that cannot be read.
    """
    address = address_of(ledger, stack, messages[0].receiver)
    end, refused = time.monotonic() + seconds, 0
    for number, message in enumerate(messages):
        if time.monotonic() > end:
            return
        if refused == MOST_REFUSED:
            ledger.messages.postpone(messages[number:], now())
            return
        try:
            send(address, message.message.title, message.message.body)
        except TenfoldError as error:
            ledger.messages.refused(message, str(error), now())
            refused += 1
        else:
            ledger.messages.delivered(message, now())
            refused = 0


def send_trial(ledger: Ledger, stack: Stack, id: str) -> Mapping[Receiver, str]:
    """Send a message of no alert to every receiver at once. Returns for each why it did not take it, or nothing."""
    from infra_specs.alerts.message import trial_message  # noqa: PLC0415

    message = trial_message(stack.name, id)

    def trial(receiver: Receiver) -> str:
        try:
            send(address_of(ledger, stack, receiver), message.title, message.body)
        except TenfoldError as error:
            return str(error)
        return ""

    receivers = {receiver.name: receiver for receiver in receivers_of(stack)}
    answers, late = side_by_side(
        {name: partial(trial, receiver) for name, receiver in receivers.items()}, ANSWER_SECONDS
    )
    answers |= {fault.stack: fault.why for fault in late}
    return {receiver: answers[name] for name, receiver in receivers.items()}


def beat(ledger: Ledger) -> tuple[str, ...]:
    """Call the heartbeats of all stacks. Returns a sentence for each that did not answer. Blocks for ten seconds at
    most."""
    stacks = {name: stack for name, stack in _readable(ledger.stacks.all()).items() if stack.alerts.heartbeat}
    _, faults = side_by_side({name: partial(_call, ledger, stack) for name, stack in stacks.items()}, HEARTBEAT_SECONDS)
    return tuple(f"The heartbeat of {fault.stack} did not answer: {fault.why}" for fault in faults)


def _call(ledger: Ledger, stack: Stack) -> None:
    assert stack.alerts.heartbeat, "it was looked up by it"
    name = stack.alerts.heartbeat.secret
    versions = ledger.secrets.versions(stack.name)
    url = checked_url(stack.name, name, ledger.secrets.value(stack.name, name, versions.get(name, 1)))
    try:
        answer = httpx.get(url, timeout=HEARTBEAT_SECONDS / 2)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TransientError(type(error).__name__) from error
    if answer.is_error:
        raise TransientError(f"it answered {answer.status_code}")


def _readable(records: Iterable[StackRecord]) -> dict[str, Stack]:
    """Those whose specs this version can read, by name."""
    stacks: dict[str, Stack] = {}
    for record in records:
        try:
            stacks[record.name] = record.stack()
        except TenfoldError:
            continue
    return stacks
