"""What is to be said of a stack before it presses: its growth, and what it uses of what it has."""

from collections.abc import Mapping
from contextlib import closing

from infra_specs.advice.growth import Advice, growth
from infra_specs.advice.uses import Use, vertical
from infra_specs.errors import ProviderError
from infra_specs.spec.target import Target
from tasks.capacity.subject import Subject
from tasks.clock import now
from tasks.ledger import Ledger, Wanted
from tasks.providers import open_provider
from tasks.providers.base import Uses
from tasks.settings import settings

day = 86_400.0
looked_back = 35 * day
"""As long as five minutes' means are kept."""


def advice(ledger: Ledger, known: Wanted) -> tuple[Advice, ...]:
    """Everything that is to be said of a stack now. Blocks; of a target that does not answer no use is known."""
    subject = Subject.of(known)
    stack = subject.stack
    return (*growth_of(ledger, subject), *vertical(stack, subject.counts, uses(stack.target, stack.name)))


def growth_of(ledger: Ledger, subject: Subject) -> tuple[Advice, ...]:
    """What is to be said of its growth, which the ledger alone tells."""
    peaks = {service: _peaks(ledger, subject.stack.name, service) for service in subject.scaled}
    return growth(subject.stack, subject.counts, peaks, now() // day)


def uses(target: Target, stack: str) -> Mapping[str, Use]:
    """What each thing of a stack uses, by address; nothing where the target cannot say it."""
    try:
        with closing(open_provider(target, settings().home)) as provider:
            return provider.uses(stack) if isinstance(provider, Uses) else {}
    except ProviderError:
        return {}


def _peaks(ledger: Ledger, stack: str, service: str) -> list[tuple[float, float]]:
    """For each day the highest mean of five minutes of requests in flight."""
    until, found = now(), dict[float, float]()
    for one in ledger.measurements(stack, service, until - looked_back, until):
        if one.in_flight is not None:
            date = one.at // day
            found[date] = max(found.get(date, 0.0), one.in_flight)
    return sorted(found.items())
