"""A Valkey as resources and as what an app reaches it by: what a cache and a queue have in common."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra_specs.resources.address import Address
from infra_specs.resources.resource import Ref, SecretRef, Setting, Template


@dataclass(frozen=True, slots=True)
class ValkeyNeed:
    """A need of this name (`cache`, `queue`) that a Valkey meets: its address, and the secret that opens it."""

    name: str

    @property
    def address(self) -> str:
        return str(Address(self.name, "main"))

    @property
    def password(self) -> str:
        """The secret's name."""
        return f"{self.name}-password"

    def settings(self, memory: int, secrets: Mapping[str, int]) -> dict[str, Setting]:
        """What the server is told on every target; `memory` in bytes."""
        return {"engine": "valkey", "password": self._secret(secrets), "memory": memory}

    def connection_settings(self, secrets: Mapping[str, int], *, encrypted: bool = False) -> dict[str, Setting]:
        """What an app reaches it by: `url` and its parts. `encrypted`: by TLS, which `rediss` says."""
        host, port, secret = Ref(self.address, "host"), Ref(self.address, "port"), self._secret(secrets)
        scheme = "rediss" if encrypted else "redis"
        return {
            "url": Template(
                f"{scheme}://:{{password}}@{{host}}:{{port}}/0", {"password": secret, "host": host, "port": port}
            ),
            "host": host,
            "port": port,
            "password": secret,
        }

    def _secret(self, secrets: Mapping[str, int]) -> SecretRef:
        return SecretRef(self.password, secrets.get(self.password, 1))
