"""What a run on backups holds: the open target, the ledger, the lock, and the store. Tasks take only data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from infra_specs.errors import PlanError
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.stack import Stack
from tasks.backups.sealed import Vault
from tasks.ledger import Lease, Ledger
from tasks.providers.seam.parts import Databases
from tasks.providers.seam.provider import KindProvider
from tasks.run.fence import call_fenced

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BackupContext:
    """One run on the backups of one stack, under their lock."""

    stack: Stack
    provider: KindProvider
    ledger: Ledger
    lease: Lease
    vault: Vault

    @property
    def databases(self) -> Databases:
        """What the target's database servers can be asked. Raises PlanError where the target has no such part."""
        if self.provider.databases is None:
            raise PlanError(f"The {self.provider.target} target cannot back up a database in this version.")
        return self.provider.databases

    def servers(self) -> tuple[Instance, ...]:
        """The database servers of the stack that run. Raises PlanError if one does not."""
        servers = [instance for instance in self.provider.observe(self.stack.name) if instance.kind == "database"]
        live = {server.address: server for server in servers if server.live}
        down = {server.address: server for server in servers if server.address not in live}
        if down:
            reasons = "; ".join(dict.fromkeys(server.health.reason for server in down.values()))
            raise PlanError(f"{', '.join(sorted(down))} of {self.stack.name} does not run: {reasons}")
        return tuple(live[address] for address in sorted(live))

    def fenced(self, effect: Callable[[], T]) -> T:
        """Make an outside effect. Raises Fenced, and does nothing, if the run has lost its lock."""
        return call_fenced(self.ledger, self.lease, effect)


_current: ContextVar[BackupContext] = ContextVar("backup")


def current() -> BackupContext:
    """The context of the current run. Raises LookupError outside of `use`."""
    return _current.get()


@contextmanager
def use(context: BackupContext) -> Iterator[BackupContext]:
    """Make it the context of everything called inside."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
