"""The order of a plan: create → healthy → route to the new → drain the old → destroy the old."""

from collections.abc import Iterable, Sequence

from infra_specs.plan.order import replacement_order
from infra_specs.plan.plan import Change
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Resource


def in_waves(changes: Sequence[Change], desired: Iterable[Resource]) -> tuple[tuple[Change, ...], ...]:
    """Changes in waves. The rules:

    1. what is built waits for what it depends on;
    2. what cannot stand beside its predecessor (`order`) waits until that is destroyed;
    3. everything else that goes, goes after all building and routing, and before what it depends on itself.
    """
    resources = {resource.address: resource for resource in desired}
    builds = {change.address: change for change in changes if change.action != "destroy"}
    removals = [change for change in changes if change.action == "destroy"]
    first = [change for change in removals if _is_destroyed_first(change, builds, resources)]
    cleared = {change.address for change in first}

    depths: dict[str, int] = {}

    def depth(address: str) -> int:
        """The longest chain of changes that must be done before this address is."""
        if address not in depths:
            depths[address] = 0  # a loop cannot be written; if one is, it ends here
            before = [depth(name) + (name in builds) for name in resources[address].dependencies if name in resources]
            depths[address] = max([*before, 1 if address in cleared else 0])
        return depths[address]

    waves: dict[int, list[Change]] = {}
    for address, change in builds.items():
        waves.setdefault(depth(address), []).append(change)
    for change in first:
        waves.setdefault(depth(change.address) - 1, []).append(change)
    later = [change for change in removals if change not in first]
    end = max(waves, default=-1) + 1
    for change, level in zip(later, _levels_from_leaves(later), strict=True):
        waves.setdefault(end + level, []).append(change)
    return tuple(tuple(sorted(waves[level], key=_sort_key)) for level in sorted(waves))


def waits_for(change: Change) -> tuple[str, ...] | None:
    """The addresses whose changes in earlier waves must be done before this one may start; None for all of them.

    What is built waits for what it depends on and for its predecessor to go; what is destroyed waits for everything.
    """
    if change.action == "destroy" or change.resource is None:
        return None
    return (change.address, *change.resource.dependencies)


def _is_destroyed_first(change: Change, builds: dict[str, Change], resources: dict[str, Resource]) -> bool:
    successor = builds.get(change.address)
    if successor is None or successor.action != "create":
        return False
    return replacement_order(resources[change.address])[0] == "stop_first"


def _levels_from_leaves(changes: list[Change]) -> list[int]:
    """For each destroyed instance, how many waves of its dependants go before it."""
    dependants: dict[str, list[str]] = {}
    for change in changes:
        for name in change.instance.after if change.instance else ():
            dependants.setdefault(name, []).append(change.address)
    addresses = {change.address for change in changes}
    levels: dict[str, int] = {}

    def level(address: str) -> int:
        if address not in levels:
            levels[address] = 0
            levels[address] = max(
                (level(name) + 1 for name in dependants.get(address, ()) if name in addresses), default=0
            )
        return levels[address]

    return [level(change.address) for change in changes]


def _sort_key(change: Change) -> tuple[bool, tuple[str | int, ...], int]:
    """Where data lives first, since the longest chain starts there; then by name, web-2 before web-10."""
    data_first = not (change.resource is not None and change.resource.stateful)
    return data_first, Address.parse(change.address).order, change.instance.incarnation if change.instance else 0
