"""Whether every service can start at all, as far as its target can tell before anything is touched."""

from collections.abc import Iterator

from infra_specs.errors import PlanError
from infra_specs.resources.address import Address
from tasks.ledger import Ledger
from tasks.providers.base import Provider, TellsFaults
from tasks.stack.record import Wish, one_off


def refuse_unstartable(provider: Provider, ledger: Ledger, wished: Wish) -> None:
    """Raise PlanError that names every service whose program can never start on this target, and why. Blocks.

    Where something runs before a service, only that is looked at: it may well be what makes the service's own program.
    """
    if not isinstance(provider, TellsFaults):
        return
    if found := list(_faults(provider, ledger, wished)):
        raise PlanError(
            "\n".join([f"{wished.stack.name} can never start as its file stands, so nothing was touched:", *found])
        )


def _faults(provider: TellsFaults, ledger: Ledger, wished: Wish) -> Iterator[str]:
    for name, service in wished.stack.services.items():
        key, first = ("before", service.before) if service.before else ("command", service.command)
        if first is not None and (
            said := provider.fault(one_off(ledger, wished, Address("job", key, name), name, first))
        ):
            yield f"  services.{name}.{key}: {said}"
