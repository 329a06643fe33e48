"""Check that every service can start, as far as its target can tell, before anything is changed."""

from collections.abc import Iterator

from infra_specs.desired import DesiredStack, StackSnapshot, one_off_job
from infra_specs.errors import PlanError
from infra_specs.resources.address import Address
from tasks.providers.seam.provider import KindProvider


def refuse_unstartable(provider: KindProvider, snapshot: StackSnapshot, desired: DesiredStack) -> None:
    """Raise PlanError that names every service whose program cannot start on this target, and why. Blocks.

    If a service has a `before` command, only that command is checked: it may create the service's own program.
    """
    if faults := list(_faults(provider, snapshot, desired)):
        raise PlanError(
            "\n".join([f"{desired.stack.name} can never start as its file stands, so nothing was touched:", *faults])
        )


def _faults(provider: KindProvider, snapshot: StackSnapshot, desired: DesiredStack) -> Iterator[str]:
    for name, service in desired.stack.services.items():
        key, command_line = ("before", service.before) if service.before else ("command", service.command)
        if command_line is not None and (
            fault := provider.fault(one_off_job(snapshot, desired, Address("job", key, name), name, command_line))
        ):
            yield f"  services.{name}.{key}: {fault}"
