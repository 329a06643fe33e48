"""A Valkey that forgets nothing: a volume that outlives it, and the server, which writes down each job it takes."""

from collections.abc import Mapping

from infra_specs.catalogue.valkey import ValkeyNeed
from infra_specs.errors import PlanError
from infra_specs.resources.address import Address
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Ref, Resource, Setting
from infra_specs.sizing.powers import power_of_two
from infra_specs.sizing.queue import QueueSize
from infra_specs.stackfile.models.units import size_text

NEED = ValkeyNeed("queue")
VOLUME = str(Address("volume", "queue"))


def settings(size: QueueSize, secrets: Mapping[str, int]) -> dict[str, Setting]:
    """What the server is told on every target."""
    return {**NEED.settings(size.memory, secrets), "volume": Ref(VOLUME, "path")}


def resources(stack: str, size: QueueSize, settings: Mapping[str, Setting]) -> tuple[Resource, ...]:
    """The volume (data: never replaced by a plan) and the server on it with these settings (a singleton)."""
    return (
        Resource(stack, VOLUME, "volume", {"size": size.storage}, mutable=("size",), stateful=True),
        Resource(stack, NEED.address, "queue", settings, singleton=True),
    )


def has_other_memory(resource: Resource, instance: Instance) -> bool:
    """Whether a queue that runs was given another memory than it shall have."""
    return instance.digests.get("memory") != resource.digests.get("memory")


def refuse_less_than_used(resource: Resource, used: int | None) -> None:
    """Raise PlanError where a queue would get less memory than it uses (bytes; None is not known): its jobs would not
    fit, and a container that reads them would end at its limit again and again."""
    memory = resource.settings["memory"]
    assert isinstance(memory, int)
    if used is not None and used > memory:
        raise PlanError(
            f"{resource.stack}: its queue uses {size_text(used)} of memory, and its file gives it {size_text(memory)} "
            "now, so what waits there would not fit. Write needs: "
            f"{{queue: {{memory: {size_text(power_of_two(used))}}}}}, or let the workers empty it first."
        )
