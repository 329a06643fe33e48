"""What a run works with: the opened target, the ledger, the lock it holds, and what it knows so far.

Only data crosses task boundaries, so that tasks can be shown, named and retried; what cannot be data is found here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Ref, Reference
from tasks.ledger import Hold, Ledger
from tasks.providers.base import Provider


@dataclass
class Site:
    """One run on one stack. `known` holds, by address, the instance that others should refer to."""

    provider: Provider
    ledger: Ledger
    hold: Hold
    run: str = ""
    """The ledger's id of this run, once it has begun."""
    known: dict[str, Instance] = field(default_factory=dict)
    undoes: bool = False
    """A change that fails is taken back by this run, which then says itself what is left."""

    @property
    def stack(self) -> str:
        return self.hold.stack

    def value_of(self, reference: Reference) -> str | bytes:
        """What a reference stands for now. Raises ProviderError for one to nothing."""
        if isinstance(reference, Ref):
            source = self.known.get(reference.address)
            if source is None or reference.output not in source.outputs:
                raise ProviderError(f"{reference} is not known: {reference.address} does not run. Run it again.")
            return source.outputs[reference.output]
        return self.ledger.secret_value(self.stack, reference.secret, reference.version)

    def redacted(self, text: str) -> str:
        """Text of an app or an engine, with the names of the stack's secrets in place of their values."""
        return self.ledger.redacted(self.stack, text)


_site: ContextVar[Site] = ContextVar("site")


def site() -> Site:
    """The site of the run that is under way in this context."""
    return _site.get()


@contextmanager
def at(place: Site) -> Iterator[Site]:
    """Make `place` the site of everything called inside."""
    token = _site.set(place)
    try:
        yield place
    finally:
        _site.reset(token)
