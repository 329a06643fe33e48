"""Whether a queue that is to get another memory has room there for what waits in it now."""

from infra_specs.catalogue.queue import NEED, has_other_memory, refuse_less_than_used
from infra_specs.desired import DesiredStack
from tasks.providers.seam.provider import KindProvider


def refuse_small_queue(provider: KindProvider, desired: DesiredStack) -> None:
    """Raise PlanError where it has not. Blocks; the target is asked only where the memory changes."""
    resource = next((resource for resource in desired.resources if resource.address == NEED.address), None)
    if resource is None or provider.host is None:
        return
    stack = desired.stack.name
    with provider.translated():
        running = [instance for instance in provider.at_address(stack, NEED.address) if instance.live]
    if any(has_other_memory(resource, instance) for instance in running):
        usage = provider.host.uses(stack).get(NEED.address)
        refuse_less_than_used(resource, usage.memory if usage else None)
