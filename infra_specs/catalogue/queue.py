"""A Valkey that forgets nothing: a volume that outlives it, and the server, which writes down each job it takes."""

from collections.abc import Mapping

from infra_specs.catalogue.valkey import ValkeyNeed
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Ref, Resource, Setting
from infra_specs.sizing.queue import QueueSize

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
