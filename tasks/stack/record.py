"""Read everything that the ledger knows of a stack, once. What follows from it is decided in `infra_specs.desired`."""

from infra_specs.desired import StackSnapshot
from infra_specs.errors import UnknownStack
from infra_specs.stackfile.models.stack import Stack
from tasks.ledger import Ledger, StackState


def snapshot_of(ledger: Ledger, stack: Stack, source: str) -> StackSnapshot:
    """The snapshot of a stack with this spec and source folder, whatever the ledger has as its spec."""
    return _snapshot(ledger.stacks.read(stack.name), stack, source)


def recorded_snapshot(ledger: Ledger, name: str, *, with_releases: bool = True) -> StackSnapshot:
    """The snapshot of a stack with the spec that the ledger has. Raises UnknownStack.

    Without its releases it can be torn down, even if one of them cannot be read.
    """
    state = ledger.stacks.read(name, with_releases=with_releases)
    if state.record is None:
        raise unknown_stack(ledger, name)
    return _snapshot(state, state.record.stack(), state.record.source)


def recorded_spec(ledger: Ledger, name: str) -> tuple[Stack, str]:
    """The recorded spec of a stack and its source folder. Raises UnknownStack."""
    record = ledger.stacks.find(name)
    if record is None:
        raise unknown_stack(ledger, name)
    return record.stack(), record.source


def unknown_stack(ledger: Ledger, name: str) -> UnknownStack:
    """The error for an unknown stack. Its message lists the known stacks and says what to do."""
    others = ", ".join(stack.name for stack in ledger.stacks.all()) or "none yet"
    return UnknownStack(f"No stack is called `{name}`. Known: {others}. Give its file to `tenfold provision` first.")


def _snapshot(state: StackState, stack: Stack, source: str) -> StackSnapshot:
    record = state.record
    return StackSnapshot(
        stack,
        source,
        overrides=record.override_counts if record else {},
        releases=state.releases,
        secret_versions=state.secret_versions,
        certificates=state.certificates,
        hosts=state.hosts,
        recorded_target=record.target if record else None,
        is_active=record is not None and record.wanted,
    )
