"""What is to be said of a stack before it presses: its growth, and what it uses of what it has."""

from collections.abc import Iterable
from functools import partial

from infra_specs.advice.growth import Advice, growth
from infra_specs.advice.rightsizing import vertical
from infra_specs.stack_fault import StackFault
from tasks.autoscaling.scaled_stack import Subject
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.base.side_by_side import look_at
from tasks.ledger import Ledger, Wanted
from tasks.providers import opened, preload
from tasks.providers.base import Uses

day = 86_400.0
looked_back = 35 * day
"""As long as five minutes' means are kept."""


Found = tuple[dict[str, tuple[Advice, ...]], tuple[StackFault, ...]]
"""What is to be said of each stack, by its name, and the stacks of which not all can be said."""


def advice(ledger: Ledger, asked: Iterable[Wanted]) -> Found:
    """Everything that is to be said of these stacks now. Blocks.

    A target that does not answer is a fault of its stack, and the stack's growth is told all the same.
    """
    known = {wanted.name: wanted for wanted in asked}
    preload(wanted.target for wanted in known.values())
    subjects, unread = look_at({name: partial(_grown, ledger, wanted) for name, wanted in known.items()})
    told, silent = look_at({name: partial(_vertical, subject) for name, (subject, _) in subjects.items()})
    found = {name: (*grown, *told.get(name, ())) for name, (_, grown) in subjects.items()}
    faults = {fault.stack: fault for fault in (*unread, *silent)}
    return found, tuple(faults[name] for name in known if name in faults)


def _grown(ledger: Ledger, wanted: Wanted) -> tuple[Subject, tuple[Advice, ...]]:
    subject = Subject.of(wanted)
    return subject, growth_of(ledger, subject)


def _vertical(subject: Subject) -> tuple[Advice, ...]:
    stack = subject.stack
    with opened(stack.target, settings().home) as provider:
        uses = provider.uses(stack.name) if isinstance(provider, Uses) else {}
    return vertical(stack, subject.counts, uses)


def growth_of(ledger: Ledger, subject: Subject) -> tuple[Advice, ...]:
    """What is to be said of its growth, which the ledger alone tells."""
    peaks = {service: _peaks(ledger, subject.stack.name, service) for service in subject.scaled}
    return growth(subject.stack, subject.counts, peaks, now() // day)


def _peaks(ledger: Ledger, stack: str, service: str) -> list[tuple[float, float]]:
    """For each day the highest mean of five minutes of requests in flight."""
    until, found = now(), dict[float, float]()
    for one in ledger.measurements(stack, service, until - looked_back, until):
        if one.in_flight is not None:
            date = one.at // day
            found[date] = max(found.get(date, 0.0), one.in_flight)
    return sorted(found.items())
