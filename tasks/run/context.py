"""The context of a run: the open target, the ledger, the lease on the stack, and the observed instances.

Tasks take only data, so that they can be shown, named and retried. What is no data comes from this context.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Ref, Reference
from tasks.ledger import Lease, Ledger
from tasks.providers.seam.provider import KindProvider

DataEnd: TypeAlias = Literal["shelve", "delete with a last copy", "delete"]


@dataclass
class RunContext:
    """One run on one stack. `instances`: by address, the instance that references resolve to."""

    provider: KindProvider
    ledger: Ledger
    lease: Lease
    run_id: str = ""
    """The ledger's id of this run; empty before it has begun."""
    instances: dict[str, Instance] = field(default_factory=dict)
    repairs: bool = False
    """True if this run repairs drift and no release: an address that fails holds up no other."""
    resting: set[str] = field(default_factory=set)
    """Addresses that this run leaves alone: a change of each has failed, and is tried again later."""
    is_asked_for: bool = True
    """False for a run of a schedule or of drift."""
    data_end: DataEnd = "delete"
    """What becomes of data that this run destroys, on a target with a shelf."""
    rolls_back: bool = False
    """True if this run rolls back a failed change, and reports by itself what is left."""

    @property
    def stack(self) -> str:
        return self.lease.stack

    @property
    def records_looks(self) -> bool:
        """Whether its looks are tasks in Prefect: those of an unasked run are none until it changes something."""
        return self.is_asked_for or bool(self.run_id)

    @property
    def shelves(self) -> bool:
        """Whether this run puts data away that it keeps: where it stands it would cost by the hour."""
        return self.data_end == "shelve" and self.provider.shelf is not None

    def value_of(self, reference: Reference) -> str | bytes:
        """The value of a reference. Raises ProviderError if its resource does not run."""
        if isinstance(reference, Ref):
            source = self.instances.get(reference.address)
            if source is None or reference.output not in source.outputs:
                raise ProviderError(f"{reference} is not known: {reference.address} does not run. Run it again.")
            return source.outputs[reference.output]
        return self.ledger.secrets.value(self.stack, reference.secret, reference.version)

    def redacted(self, text: str) -> str:
        """The text with each secret value replaced by the secret's name."""
        return self.ledger.secrets.redacted(self.stack, text)

    def shown_lines(self, text: str) -> list[str]:
        """The lines of an app's text, without secret values, and each fit to be shown."""
        return self.ledger.secrets.shown_lines(self.stack, text)


_current: ContextVar[RunContext] = ContextVar("run context")


def current() -> RunContext:
    """The context of the current run. Raises LookupError outside of `use`."""
    return _current.get()


@contextmanager
def use(context: RunContext) -> Iterator[RunContext]:
    """Make this the context of everything called inside."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
