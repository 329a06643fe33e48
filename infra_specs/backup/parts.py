"""What a restore exchanges, told so that it can be taken back without its backup."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from infra_specs.backup.manifest import Manifest


@dataclass(frozen=True, slots=True)
class RestoredParts:
    """The databases, each with the address of its server and its name, and the addresses of the volumes.

    Both are in the order of the numbers that their asides have.
    """

    backup: str
    databases: tuple[tuple[str, str], ...]
    volumes: tuple[str, ...]

    @classmethod
    def of(cls, manifest: Manifest) -> "RestoredParts":
        """Those of a whole backup."""
        databases = tuple((copy.address, copy.name) for copy in manifest.databases)
        return cls(manifest.name, databases, tuple(copy.address for copy in manifest.volumes))

    @classmethod
    def from_data(cls, data: Any) -> "RestoredParts":
        """What `data` wrote."""
        return _PARTS.validate_python(data)

    def data(self) -> Any:
        """Plain JSON data."""
        return _PARTS.dump_python(self, mode="json")


_PARTS = TypeAdapter(RestoredParts)
