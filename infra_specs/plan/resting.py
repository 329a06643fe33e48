"""What a plan leaves alone for now: an address whose change failed, and what could not start without it."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from infra_specs.plan.draft import Draft
from infra_specs.plan.plan import Change, Skipped
from infra_specs.resources.instance import Instance


def leave(address: str, instances: Sequence[Instance], draft: Draft, why: str) -> None:
    """Of an address that is left alone only what failed before the newest failure goes. Others refer to what serves."""
    draft.skip(Skipped(address, why))
    live = [instance for instance in instances if instance.live]
    for instance in (_healthy(live) or live)[-1:]:
        draft.sources[address] = instance
    for instance in [instance for instance in instances if instance.failed][:-1]:
        draft.destroy(instance, "an older sick instance")


def hold_back(resting: Collection[str], by_address: Mapping[str, Sequence[Instance]], draft: Draft) -> None:
    """Make nothing that needs what rests and is not healthy, nor what needs that in turn: it could not start."""
    missing = {address for address in resting if address in draft.desired and not _healthy(by_address.get(address, ()))}
    while held := _held(draft.changes, missing):
        for address, needed in held.items():
            draft.withdraw(address)
            instances = by_address.get(address, ())
            leave(address, instances, draft, f"needs {needed}, which is not there yet")
            if not _healthy(instances):
                missing.add(address)


def _held(changes: Iterable[Change], missing: Collection[str]) -> dict[str, str]:
    """What is to be made -> the first address that it needs and that is missing."""
    creates = [change.resource for change in changes if change.action == "create" and change.resource]
    needed = {resource.address: [name for name in resource.dependencies if name in missing] for resource in creates}
    return {address: names[0] for address, names in needed.items() if names}


def _healthy(instances: Iterable[Instance]) -> list[Instance]:
    return [instance for instance in instances if instance.health.state == "healthy"]
