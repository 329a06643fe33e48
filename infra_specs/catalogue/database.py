"""A PostgreSQL on targets that run processes or containers: a volume that outlives it, and the server."""

from collections.abc import Mapping

from infra_specs.resources.address import Address
from infra_specs.resources.resource import Ref, Resource, SecretRef, Setting, Template
from infra_specs.sizing.needs import DatabaseSize

address = str(Address("database", "main"))
volume = str(Address("volume", "database"))
password = "database-password"  # noqa: S105 - the secret's name
user = name = "app"


def database(stack: str, size: DatabaseSize, secrets: Mapping[str, int]) -> tuple[Resource, ...]:
    """The volume (data: never replaced by a plan) and the server on it (one at a time: exclusive)."""
    return (
        Resource(stack, volume, "volume", {"size": size.storage}, mutable=("size",), stateful=True),
        Resource(
            stack,
            address,
            "database",
            {
                "engine": "postgres",
                "volume": Ref(volume, "path"),
                "user": user,
                "name": name,
                "password": SecretRef(password, secrets.get(password, 1)),
                "memory": size.memory,
                "connections": size.connections,
                "tuning": size.tuning,
            },
            singleton=True,
        ),
    )


def reached_by(secrets: Mapping[str, int]) -> dict[str, Setting]:
    """What an app reaches it by: `url` and its parts."""
    host, port = Ref(address, "host"), Ref(address, "port")
    secret = SecretRef(password, secrets.get(password, 1))
    return {
        "url": Template(
            f"postgresql://{user}:{{password}}@{{host}}:{{port}}/{name}",
            {"password": secret, "host": host, "port": port},
        ),
        "host": host,
        "port": port,
        "user": user,
        "password": secret,
        "name": name,
    }
