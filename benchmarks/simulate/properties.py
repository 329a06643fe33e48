"""What must be true once the world has come to rest, whatever happened before."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra_specs.desired import StackSnapshot, desired_as_deployed
from infra_specs.resources.instance import Instance
from infra_specs.resources.services import serving_copies


@dataclass(frozen=True, slots=True)
class Shape:
    """A stack without what its history may differ in: incarnations, data, and sick instances kept for their logs."""

    things: Mapping[str, str]
    """Address -> fingerprint."""
    serving: Mapping[str, int]
    """Service -> copies that serve."""


def shape_of(instances: Sequence[Instance]) -> Shape:
    things = {
        instance.address: instance.fingerprint for instance in instances if instance.live and not instance.stateful
    }
    return Shape(things, serving_copies(instances))


def wrong_at_rest(snapshot: StackSnapshot | None, instances: Sequence[Instance]) -> list[str]:
    """How the world differs from what the ledger says that it shall be."""
    if snapshot is None:
        return [f"the ledger forgot the stack, and {instance} is there" for instance in instances]
    if not snapshot.is_active:
        return [f"torn down, and {instance} is there" for instance in instances if not instance.stateful]
    desired = {resource.address: resource for resource in desired_as_deployed(snapshot).resources}
    live = Counter(instance.address for instance in instances if instance.live)
    kept_sick = Counter(instance.address for instance in instances if instance.failed)
    wrong = [f"{address} is there {count} times" for address, count in live.items() if count > 1]
    wrong += [f"{count} sick instances of {address} are kept" for address, count in kept_sick.items() if count > 1]
    wrong += [f"{address} is missing" for address in desired if address not in live]
    for instance in instances:
        resource = desired.get(instance.address)
        if resource is None and not instance.stateful:
            wrong.append(f"{instance} is there, and nobody wants it")
        elif resource and instance.live and not instance.stateful and instance.fingerprint != resource.fingerprint:
            wrong.append(f"{instance} has another fingerprint than is wanted")
    return wrong
