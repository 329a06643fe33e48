"""A Valkey that forgets the least used when full: nothing in it is data."""

from collections.abc import Mapping

from infra_specs.resources.address import Address
from infra_specs.resources.resource import Ref, Resource, SecretRef, Setting, Template
from infra_specs.sizing.needs import CacheSize

ADDRESS = str(Address("cache", "main"))
PASSWORD = "cache-password"  # noqa: S105 - the secret's name


def settings(size: CacheSize, secrets: Mapping[str, int]) -> dict[str, Setting]:
    """What the server is told on every target."""
    return {
        "engine": "valkey",
        "password": SecretRef(PASSWORD, secrets.get(PASSWORD, 1)),
        "memory": size.memory,
    }


def resources(stack: str, settings: Mapping[str, Setting]) -> tuple[Resource, ...]:
    """The server with these settings. It holds its port, so its successor waits for it to go."""
    return (Resource(stack, ADDRESS, "cache", settings, singleton=True),)


def connection_settings(secrets: Mapping[str, int]) -> dict[str, Setting]:
    """What an app reaches it by: `url` and its parts."""
    host, port = Ref(ADDRESS, "host"), Ref(ADDRESS, "port")
    secret = SecretRef(PASSWORD, secrets.get(PASSWORD, 1))
    return {
        "url": Template("redis://:{password}@{host}:{port}/0", {"password": secret, "host": host, "port": port}),
        "host": host,
        "port": port,
        "password": secret,
    }
