"""What is wrong with one stack, from what is known of it: a finding for each thing that can be wrong with it."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from infra_specs.alerts.alert import Finding
from infra_specs.alerts.facts import Machine, ServiceFacts, StackFacts
from infra_specs.certificates.validity import SOON_SECONDS, day
from infra_specs.pricing.price import usd
from infra_specs.stackfile.models.stack import Debt
from infra_specs.stackfile.models.units import duration_text, size_text

ERRORS_PART = 0.05
"""The part of all requests that may fail."""
FEWEST_ERRORS = 10
"""Failed requests in the last minutes below which nobody is told: one of two is half of them."""
NEARLY_FULL = 0.9
"""The part of a disk, a memory, a queue or of all connections from which on it is nearly full."""
ROOMY_BYTES = 20 * 2**30
"""A disk with so much free is not nearly full, however large it is."""
FULL_MEMORY = 0.95
REPAIRS_FAILED = 2
"""Reconciles in a row that fail, before it is an alert: one may fail by chance."""
GROWTH = 1.5
"""How many times longer than an hour before a queue must be to grow, with no look between at which it fell."""
FEWEST_WAITING = 100.0
FEWEST_LOOKS = 3
LAST_PART = 1 / 6
"""Of a certificate's life: renewed ones are renewed when a third is left, so that half of that passed in vain."""
LATE_SECONDS = 36 * 3600.0
"""The newest proven backup may be so old: one is made every night, and a night may be missed by some hours."""


def findings(facts: StackFacts) -> tuple[Finding, ...]:
    """One finding for each thing that can be wrong with the stack, whether it is or not."""
    return tuple(_findings(facts))


def _findings(facts: StackFacts) -> Iterator[Finding]:
    yield _unreadable(facts)
    for name, service in facts.services.items():
        yield _no_replica(facts, name, service)
        yield _errors(facts, name, service)
        yield _latency(facts, name, service)
        yield _at_limit(facts, name, service)
        yield _service_queue(facts, name, service)
    for need, answers in facts.needs.items():
        yield _need(facts, need, answers)
    for name, machine in facts.machines.items():
        yield _disk(facts, name, machine)
        yield _memory(facts, name, machine)
    yield _connections(facts)
    yield _queue(facts)
    yield _repair(facts)
    yield from (_certificate(facts, host, life) for host, life in facts.certificates.items())
    yield _budget(facts)
    yield from _debts(facts)
    yield from _backup(facts)
    yield from _undelivered(facts)


def _unreadable(facts: StackFacts) -> Finding:
    is_fault = None if facts.unreadable is None else bool(facts.unreadable)
    what = f"The target of {facts.stack} does not answer: {facts.unreadable}"
    todo = f"Nobody sees or repairs this stack meanwhile. See that its target answers: tenfold status {facts.stack}"
    return Finding(facts.stack, "unreadable", "", is_fault, what, todo)


def _no_replica(facts: StackFacts, name: str, service: ServiceFacts) -> Finding:
    is_empty = None if service.serving is None else service.serving == 0
    is_fault = _is_outage(facts, is_empty, service.served) if service.desired > 0 else False
    what = f"No replica of {name} in {facts.stack} is healthy, of {service.desired} that shall be: it serves nobody."
    todo = f"See what its replicas say: tenfold status {facts.stack}, and tenfold logs {facts.stack} {name}"
    return Finding(facts.stack, "no_replica", name, is_fault, what, todo)


def _need(facts: StackFacts, need: str, answers: bool | None) -> Finding:
    what = f"The {need} of {facts.stack} does not answer."
    todo = f"See what it says: tenfold status {facts.stack}, and tenfold logs {facts.stack} {need}"
    is_fault = _is_outage(facts, None if answers is None else not answers, facts.answered.get(need))
    return Finding(facts.stack, "need", need, is_fault, what, todo)


def _is_outage(facts: StackFacts, is_down: bool | None, served: float | None) -> bool | None:
    """Whether what is down should serve. While a run explains it, that is not known."""
    if not is_down:
        return is_down
    if facts.work is not None and facts.work.may_stop(served):
        return None
    return facts.is_released


def _errors(facts: StackFacts, name: str, service: ServiceFacts) -> Finding:
    failed, asked = service.errors, service.requests
    if failed is None or asked is None:
        return Finding(facts.stack, "errors", name, None)
    part = min(1.0, failed / asked) if asked > 0 else 1.0
    is_fault = failed >= FEWEST_ERRORS and part >= ERRORS_PART
    what = f"{part:.0%} of the requests to {name} in {facts.stack} fail: {failed:.0f} of {asked:.0f} in five minutes."
    todo = f"See what it says: tenfold logs {facts.stack} {name}"
    return Finding(facts.stack, "errors", name, is_fault, what, todo)


def _latency(facts: StackFacts, name: str, service: ServiceFacts) -> Finding:
    if service.latency_limit is None:
        return Finding(facts.stack, "latency", name, is_fault=False)
    if service.latency is None:  # who asks nothing waits for nothing
        return Finding(facts.stack, "latency", name, False if service.requests == 0 else None)
    limit = duration_text(service.latency_limit)
    what = (
        f"{name} in {facts.stack} is slow: 95 of 100 requests take up to {service.latency:.3g} s, and shall take at "
        f"most {limit}."
    )
    todo = f"See how it is scaled: tenfold why {facts.stack} {name}, and whether its database or another need is slow."
    return Finding(facts.stack, "latency", name, service.latency > service.latency_limit, what, todo)


def _at_limit(facts: StackFacts, name: str, service: ServiceFacts) -> Finding:
    is_fault = None if service.limited_by is None else bool(service.limited_by)
    what = (
        f"{name} in {facts.stack} has {service.desired} replicas and needs more, which the {service.limited_by} does "
        "not let it have."
    )
    todo = f"See what it needs, and raise the limit in its file: tenfold why {facts.stack} {name}"
    return Finding(facts.stack, "at_limit", name, is_fault, what, todo)


def _service_queue(facts: StackFacts, name: str, service: ServiceFacts) -> Finding:
    lengths = service.lengths
    what = f"The queue of {name} in {facts.stack} grows: {_growth(lengths)} wait."
    todo = f"Give {name} more replicas, or see why it falls behind: tenfold logs {facts.stack} {name}"
    return Finding(facts.stack, "queue", name, _grows(lengths, FEWEST_WAITING), what, todo)


def _queue(facts: StackFacts) -> Finding:
    if facts.queue is None:
        return Finding(facts.stack, "queue", "", None if facts.has_queue else False)
    sizes, most = facts.queue
    is_full = sizes[-1] >= NEARLY_FULL * most
    of = f" of {size_text(most)}"
    what = f"The queue of {facts.stack} holds {size_text(sizes[-1])}{of}" + (
        ", and refuses jobs when it is full." if is_full else f", and {size_text(sizes[0])} an hour before: it grows."
    )
    todo = "Let more replicas work on it, or give it more memory: needs: {queue: {memory: ...}}"
    is_fault = is_full or _grows(sizes, most / 2)
    return Finding(facts.stack, "queue", "", is_fault, what, todo)


def _grows(lengths: Sequence[float], fewest: float) -> bool:
    """Whether it is much longer than it was, and fell at no look between."""
    if len(lengths) < FEWEST_LOOKS or lengths[-1] < fewest:
        return False
    never_fell = all(later >= earlier for earlier, later in pairwise(lengths))
    return never_fell and lengths[-1] >= GROWTH * lengths[0]


def _growth(lengths: Sequence[float]) -> str:
    return f"{lengths[-1]:.0f} in place of {lengths[0]:.0f}" if lengths else "0"


def _disk(facts: StackFacts, name: str, machine: Machine) -> Finding:
    if machine.disk is None or machine.disk_free is None:
        return Finding(facts.stack, "disk", name, None)
    used = 1 - machine.disk_free / machine.disk if machine.disk else 1.0
    what = (
        f"The disk of {name}, on which {facts.stack} has its data, is nearly full: {size_text(machine.disk_free)} of "
        f"{size_text(machine.disk)} are free."
    )
    todo = "Make room on it, or move the stack to a larger one: a full disk stops its database and its backups."
    return Finding(facts.stack, "disk", name, used >= NEARLY_FULL and machine.disk_free < ROOMY_BYTES, what, todo)


def _memory(facts: StackFacts, name: str, machine: Machine) -> Finding:
    if machine.memory is None or machine.memory_free is None:
        return Finding(facts.stack, "memory", name, None)
    what = (
        f"The memory of {name}, on which {facts.stack} runs, is nearly full: {size_text(machine.memory_free)} of "
        f"{size_text(machine.memory)} are free."
    )
    todo = f"See what uses it: tenfold status {facts.stack}. A machine without memory ends programs at random."
    is_fault = machine.memory > 0 and 1 - machine.memory_free / machine.memory >= FULL_MEMORY
    return Finding(facts.stack, "memory", name, is_fault, what, todo)


def _connections(facts: StackFacts) -> Finding:
    if facts.connections is None:
        return Finding(facts.stack, "connections", "", None if facts.has_database else False)
    used, most = facts.connections
    what = f"The database of {facts.stack} has {used} connections, and takes {most}: more are refused."
    todo = "See who holds them, and let fewer replicas or smaller pools ask for them, or give the database more memory."
    return Finding(facts.stack, "connections", "", most > 0 and used >= NEARLY_FULL * most, what, todo)


def _repair(facts: StackFacts) -> Finding:
    failures = facts.repair.failures
    what = f"{facts.stack} cannot be repaired: {failures} reconciles in a row failed. {facts.repair.message}".rstrip()
    todo = f"See what they did: tenfold history {facts.stack}"
    return Finding(facts.stack, "reconcile", "", failures >= REPAIRS_FAILED, what, todo)


def _certificate(facts: StackFacts, host: str, life: tuple[float, float]) -> Finding:
    since, until = life
    left = until - facts.moment
    soon = min(SOON_SECONDS, (until - since) * LAST_PART)
    ends = f"ends on {day(until)}" if left > 0 else f"ended on {day(until)}"
    what = f"The certificate of {host} in {facts.stack} {ends}, and was not renewed."
    todo = f"See why: tenfold status {facts.stack}. Browsers refuse the host from then on."
    return Finding(facts.stack, "certificate", host, left < soon, what, todo)


def _budget(facts: StackFacts) -> Finding:
    if facts.budget is None:
        return Finding(facts.stack, "budget", "", is_fault=False)
    if facts.month_cost is None:
        return Finding(facts.stack, "budget", "", is_fault=None)
    cost, budget = usd(round(facts.month_cost, 2)), usd(facts.budget)
    what = f"{facts.stack} will have cost {cost} by the end of the month, and its budget is {budget}."
    todo = f"See what costs how much, and lower it or raise the budget: tenfold plan {facts.stack}"
    return Finding(facts.stack, "budget", "", facts.month_cost > facts.budget + 0.01, what, todo)


def _debts(facts: StackFacts) -> Iterator[Finding]:
    """The one with the earliest end comes last, and counts where two say the same."""
    for debt in sorted(facts.debts, key=_expires, reverse=True):
        what = f"A debt of {facts.stack} expired on {debt.expires}: {debt.what}"
        todo = f"Pay it, or give it a new day and a reason in the file. Its plan: {debt.plan}"
        yield Finding(facts.stack, "debt", debt.what, debt.expires < facts.today, what, todo)


def _expires(debt: Debt) -> date:
    return debt.expires


def _backup(facts: StackFacts) -> Iterator[Finding]:
    backup = facts.backup
    if backup is None:
        return
    newest = max(backup.since, backup.proven or 0.0)
    is_late = facts.moment - newest > LATE_SECONDS
    last = f"the newest is of {day(backup.proven)}" if backup.proven else "there is none"
    why = f" The last one does not count: {backup.failure}" if backup.failure else ""
    what = f"{facts.stack} has no proven backup of the last {LATE_SECONDS / 3600:.0f} hours: {last}.{why}"
    if not is_late:
        what = f"The last backup of {facts.stack} does not count: {backup.failure}"
    todo = f"See what is there, and back it up again: tenfold backups {facts.stack}, tenfold backup {facts.stack}"
    yield Finding(facts.stack, "backup", "", is_late or bool(backup.failure), what, todo)
    todo = f"See whether the data is all there. Earlier backups have what is missing: tenfold backups {facts.stack}"
    yield Finding(facts.stack, "shrunk", "", bool(backup.shrunk), f"{facts.stack}: {backup.shrunk}", todo)


def _undelivered(facts: StackFacts) -> Iterator[Finding]:
    for receiver, waiting in facts.undelivered.items():
        messages = "1 message waits" if waiting.count == 1 else f"{waiting.count} messages wait"
        what = f"{messages} for {receiver}, who cannot be reached: {waiting.error}"
        todo = f"Mend the address, and try it: tenfold alerts test {facts.stack}"
        yield Finding(facts.stack, "undelivered", receiver, is_fault=True, what=what, todo=todo)
