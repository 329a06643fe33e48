"""One check of every wanted stack: measure, decide, keep. Nothing but the ledger is changed by it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from infra_specs.pricing.month import Spent, part_left
from infra_specs.scaling.autoscaler_state import Memory
from infra_specs.scaling.decide import decide
from infra_specs.scaling.decision import Decision
from infra_specs.scaling.measurement import Measured
from infra_specs.scaling.policy import policy_of
from infra_specs.scaling.scaling_input import Earlier
from infra_specs.stack_fault import StackFault
from tasks.autoscaling.node_memory import Rooms, room_seconds
from tasks.autoscaling.scaled_stack import Subject, subjects, usual_start
from tasks.base.clock import now
from tasks.ledger import Check, Checked, Hold, Key, Ledger, Remembered
from tasks.metrics import Seen

room_part = 0.2
"""The part of an interval that questions for free memory may take."""
spent_every = 300.0
"""Seconds between two entries of what a stack has cost: its price changes by decisions, which are rare."""

Measure = Callable[[Sequence[Subject], Mapping[Key, Remembered]], Mapping[Key, Seen]]


@dataclass(frozen=True, slots=True)
class Due:
    """A decision that a run shall carry out, and the id that the ledger keeps it under.

    `key` is the same for the same decision, found again by the next check, and for no other of any ledger.
    """

    id: str
    stack: str
    decision: Decision
    key: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check came to. `notes` say what was wrong with a source, `faults` which stacks could not be looked at."""

    stacks: int
    services: int
    due: tuple[Due, ...]
    advice: tuple[str, ...]
    notes: tuple[str, ...]
    faults: tuple[StackFault, ...]

    def __str__(self) -> str:
        unread = f", {len(self.faults)} could not be looked at" if self.faults else ""
        return f"{_counted(self.stacks, 'stack')} with {_counted(self.services, 'service')} checked{unread}"


def check(ledger: Ledger, hold: Hold, measure: Measure, *, interval: float) -> Outcome:
    """Look at every wanted stack, decide, and keep what was decided. `interval`: seconds between two checks.

    Blocks. A stack that cannot be read is said among the faults, and what cannot be measured is decided on as that;
    neither hinders another.
    """
    began = now()
    found, faults = subjects(ledger.stacks(), ledger.spent())
    facts = _facts(ledger, found, measure, began, interval)
    checked, spent, undecided = _all_decided(found, facts, interval)
    outcome = Outcome(
        len(found), len(checked), (), tuple(_advice(checked)), tuple(_notes(facts)),
        _first_of_each((*faults, *undecided, *_unanswered(facts))),
    )  # fmt: skip
    ids = ledger.record_check(hold, Check(began, now() - began, len(checked), str(outcome)), checked)
    ledger.record_spent(hold, spent)
    since = {one.stack.name: one.since for one in found}
    return replace(outcome, due=tuple(_due(checked, ids, since)))


@dataclass(frozen=True, slots=True)
class _Facts:
    at: float
    interval: float
    before: Mapping[Key, Remembered]
    seen: Mapping[Key, Seen]
    ahead: Mapping[Key, float]
    rhythm: Mapping[Key, tuple[Earlier, ...]]


def _facts(ledger: Ledger, found: Sequence[Subject], measure: Measure, at: float, interval: float) -> _Facts:
    before, starts = ledger.recall(), ledger.starts()
    keys = [(one.stack.name, service) for one in found for service in one.scaled]
    ahead = {key: starts.get(key, usual_start) for key in keys}
    return _Facts(at, interval, before, measure(found, before), ahead, ledger.rhythm(at, ahead))


def _all_decided(
    found: Sequence[Subject], facts: _Facts, interval: float
) -> tuple[list[Checked], dict[str, Spent], tuple[StackFault, ...]]:
    """What is decided of every stack, and what it has cost; a stack that nothing can be decided of is a fault."""
    rooms = Rooms(min(room_seconds, room_part * interval))
    checked, spent, faults = list[Checked](), dict[str, Spent](), list[StackFault]()
    for subject in found:
        name = subject.stack.name
        try:
            decided, cost = list(_decided(subject, facts, rooms)), _spent(subject, facts.at)
        except Exception as error:  # whatever it is, the other stacks are decided on all the same
            faults.append(StackFault.of(name, error))
        else:
            checked += decided
            spent |= {name: cost} if cost else {}
    return checked, spent, tuple(faults)


def _decided(subject: Subject, facts: _Facts, rooms: Rooms) -> Iterable[Checked]:
    """Each service of a stack, the growth of one taken from what the next may spend, and from the room it finds; advice
    takes nothing."""
    left = subject.left(facts.at)
    for name in subject.scaled:
        key = (subject.stack.name, name)
        seen = facts.seen.get(key) or Seen(Measured(facts.at, 0.0, status="absent"), {})
        remembered = facts.before.get(key)
        situation = subject.situation(
            name, seen.measured, now=facts.at, interval=facts.interval, start_seconds=facts.ahead[key],
            rhythm=facts.rhythm.get(key, ()), left=left,
        )  # fmt: skip
        policy = policy_of(subject.stack.services[name].scaling)
        earlier = remembered.memory if remembered else Memory()
        decision, memory = decide(policy, situation, earlier)
        if decision.replicas > decision.before:  # most checks end here, and ask no target after its room
            if (narrower := rooms.limited(subject, situation)) is not situation:
                decision, memory = decide(policy, narrower, earlier)
            if decision.acts:
                more = decision.replicas - decision.before
                rooms.claim(subject, name, more)
                if left is not None and subject.price is not None:
                    left -= more * subject.price * part_left(facts.at)
        yield Checked(subject.stack.name, name, seen.measured, seen.readings, decision, memory)


def _due(checked: Iterable[Checked], ids: Mapping[Key, str], since: Mapping[str, float]) -> Iterable[Due]:
    """At most one a stack, since runs on one stack exclude each other: what grows most first. The next check sees the
    others."""
    acting = [(one, one.decision) for one in checked if one.decision and one.decision.acts]
    taken = set[str]()
    for one, decision in sorted(acting, key=lambda each: each[1].before - each[1].replicas):
        if one.stack not in taken:
            taken.add(one.stack)
            id = ids[one.stack, one.service]
            yield Due(id, one.stack, decision, f"{one.stack} {since[one.stack]} {id}")


def _advice(checked: Iterable[Checked]) -> Iterable[str]:
    for one in checked:
        if one.decision and one.decision.changes and not one.decision.acts:
            yield f"{one.stack}: {one.decision}"


def _notes(facts: _Facts) -> Iterable[str]:
    for (stack, service), seen in facts.seen.items():
        yield from (f"{stack} {service}: {note}" for note in seen.notes)


def _unanswered(facts: _Facts) -> Iterable[StackFault]:
    """The stacks whose target told nothing, once for each of their services."""
    return (seen.fault for seen in facts.seen.values() if seen.fault)


def _first_of_each(faults: Iterable[StackFault]) -> tuple[StackFault, ...]:
    """One fault a stack: the first, which the others follow from."""
    found: dict[str, StackFault] = {}
    for fault in faults:
        found.setdefault(fault.stack, fault)
    return tuple(found.values())


def _spent(subject: Subject, moment: float) -> Spent | None:
    """What is to be kept of a stack's cost; None where nothing is, or where that was done a moment ago."""
    spent = subject.spending(moment)
    if spent is not None and (subject.spent is None or spent.at - subject.spent.at >= spent_every):
        return spent
    return None


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
