"""Measuring every service of many stacks at once."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from infra_specs.errors import ProviderError
from infra_specs.scaling.measured import Measured
from infra_specs.spec.target import Target
from tasks.capacity.subject import Subject
from tasks.clock import now
from tasks.ledger import Key, Remembered
from tasks.metrics import Asked, Prometheus, Seen
from tasks.metrics import measure as measure_stack
from tasks.providers import open_provider
from tasks.providers.base import Provider
from tasks.settings import settings

at_once = 32
"""Stacks that are asked about at the same time."""


def measure(found: Sequence[Subject], before: Mapping[Key, Remembered]) -> dict[Key, Seen]:
    """What each service did since the last look. Blocks for as long as the slowest stack takes, a few seconds at most.

    A target that cannot be opened, or that has nothing to say, hinders no other: that too is a result.
    """
    with _all_opened(found) as targets, Prometheus() as prometheus, ThreadPoolExecutor(at_once) as pool:

        def one(subject: Subject) -> dict[str, Seen]:
            name, target = subject.stack.name, targets[_which(subject.stack.target)]
            kept = {service: before[name, service].readings for service in subject.scaled if (name, service) in before}
            if isinstance(target, ProviderError):
                nothing = Measured(now(), 0.0, status="absent")
                return {service: Seen(nothing, kept.get(service, {}), (str(target),)) for service in subject.scaled}
            return measure_stack(name, _asked(subject), target, kept, prometheus)

        return {
            (subject.stack.name, service): seen
            for subject, services in zip(found, pool.map(one, found), strict=True)
            for service, seen in services.items()
        }


@contextmanager
def opened(target: Target) -> Iterator[Provider]:
    """One target, open for the length of the block. Raises ProviderError for one that cannot be."""
    with closing(open_provider(target, settings().home)) as provider:
        yield provider


def _asked(subject: Subject) -> dict[str, Asked]:
    services = subject.stack.services
    return {
        name: Asked(routed=services[name].port is not None, metrics=services[name].scaling.metrics)
        for name in subject.scaled
    }


@contextmanager
def _all_opened(found: Sequence[Subject]) -> Iterator[dict[str, Provider | ProviderError]]:
    """Each target once, however many stacks it has; for one that cannot be opened, why."""
    home, found_open = settings().home, dict[str, Provider | ProviderError]()
    try:
        for subject in found:
            if (name := _which(subject.stack.target)) not in found_open:
                try:
                    found_open[name] = open_provider(subject.stack.target, home)
                except ProviderError as error:
                    found_open[name] = error
        yield found_open
    finally:
        for target in found_open.values():
            if not isinstance(target, ProviderError):
                target.close()


def _which(target: Target) -> str:
    return target.model_dump_json()
