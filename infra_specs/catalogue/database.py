"""A PostgreSQL on targets that run processes or containers: a volume that outlives it, and the server."""

from collections.abc import Mapping

from infra_specs.resources.address import Address
from infra_specs.resources.resource import Ref, Resource, SecretRef, Setting, Template
from infra_specs.sizing.needs import DatabaseSize

ADDRESS = str(Address("database", "main"))
VOLUME = str(Address("volume", "database"))
PASSWORD = "database-password"  # noqa: S105 - the secret's name
USER = NAME = "app"


def settings(size: DatabaseSize, secrets: Mapping[str, int]) -> dict[str, Setting]:
    """What the server is told where it runs on a volume."""
    return {
        "engine": "postgres",
        "volume": Ref(VOLUME, "path"),
        "user": USER,
        "name": NAME,
        "password": SecretRef(PASSWORD, secrets.get(PASSWORD, 1)),
        "memory": size.memory,
        "connections": size.connections,
        "tuning": size.tuning,
    }


def resources(stack: str, size: DatabaseSize, settings: Mapping[str, Setting]) -> tuple[Resource, ...]:
    """The volume (data: never replaced by a plan) and the server on it with these settings (a singleton)."""
    return (
        Resource(stack, VOLUME, "volume", {"size": size.storage}, mutable=("size",), stateful=True),
        Resource(stack, ADDRESS, "database", settings, singleton=True),
    )


def connection_settings(secrets: Mapping[str, int]) -> dict[str, Setting]:
    """What an app reaches it by: `url` and its parts."""
    host, port = Ref(ADDRESS, "host"), Ref(ADDRESS, "port")
    secret = SecretRef(PASSWORD, secrets.get(PASSWORD, 1))
    return {
        "url": Template(
            f"postgresql://{USER}:{{password}}@{{host}}:{{port}}/{NAME}",
            {"password": secret, "host": host, "port": port},
        ),
        "host": host,
        "port": port,
        "user": USER,
        "password": secret,
        "name": NAME,
    }
