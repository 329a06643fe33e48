"""A Valkey that forgets the least used when full: nothing in it is data."""

from collections.abc import Mapping

from infra_specs.resources.address import Address
from infra_specs.resources.resource import Ref, Resource, SecretRef, Setting, Template
from infra_specs.sizing.needs import CacheSize

address = str(Address("cache", "main"))
password = "cache-password"  # noqa: S105 - the secret's name


def cache(stack: str, size: CacheSize, secrets: Mapping[str, int]) -> tuple[Resource, ...]:
    """The server. It holds its port, so its successor waits for it to go."""
    settings: dict[str, Setting] = {
        "engine": "valkey",
        "password": SecretRef(password, secrets.get(password, 1)),
        "memory": size.memory,
    }
    return (Resource(stack, address, "cache", settings, singleton=True),)


def reached_by(secrets: Mapping[str, int]) -> dict[str, Setting]:
    """What an app reaches it by: `url` and its parts."""
    host, port = Ref(address, "host"), Ref(address, "port")
    secret = SecretRef(password, secrets.get(password, 1))
    return {
        "url": Template("redis://:{password}@{host}:{port}/0", {"password": secret, "host": host, "port": port}),
        "host": host,
        "port": port,
        "password": secret,
    }
