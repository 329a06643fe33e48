"""A Valkey that forgets the least used when full: nothing in it is data."""

from collections.abc import Mapping

from infra_specs.catalogue.valkey import ValkeyNeed
from infra_specs.resources.resource import Resource, Setting

NEED = ValkeyNeed("cache")


def resources(stack: str, settings: Mapping[str, Setting]) -> tuple[Resource, ...]:
    """The server with these settings. It holds its port, so its successor waits for it to go."""
    return (Resource(stack, NEED.address, "cache", settings, singleton=True),)
