"""The machine of the memory target: it has the memory that somebody set."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from infra_specs.advice.rightsizing import Usage
from infra_specs.errors import ProviderError
from infra_specs.scaling.node_capacity import FreeDisk, FreeMemory

_ONE_MACHINE = TypeAdapter(FreeMemory)
_MACHINES = TypeAdapter(dict[str, FreeMemory])
_DISKS = TypeAdapter(dict[str, FreeDisk])
_ONLY = "memory"
"""The name of the machine where there is one."""


class MemoryHost:
    """The part `host`, on one JSON file."""

    def __init__(self, home: Path) -> None:
        self._file = home / "room.json"
        self._disks = home / "disks.json"

    def free_memory(self) -> Mapping[str, FreeMemory]:
        """What was set; without that nobody knows. An older version wrote one machine, without its name."""
        try:
            text = self._file.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            return {_ONLY: _ONE_MACHINE.validate_json(text)}
        except ValidationError:
            pass
        try:
            return _MACHINES.validate_json(text)
        except ValidationError as error:
            raise ProviderError(f"the file {self._file} is broken. Remove it.") from error

    def free_disks(self) -> Mapping[str, FreeDisk]:
        """What was set; without that nobody knows."""
        try:
            return _DISKS.validate_json(self._disks.read_bytes())
        except FileNotFoundError:
            return {}
        except ValidationError as error:
            raise ProviderError(f"the file {self._disks} is broken. Remove it.") from error

    def queue_memory(self, stack: str) -> tuple[int, int] | None:  # noqa: ARG002 - one queue for all
        """What the file `queue` says, as `60 100`; without it nobody knows."""
        file = self._file.parent / "queue"
        if not file.is_file():
            return None
        used, most = map(int, file.read_text().split())
        return used, most

    def put_disks(self, machines: Mapping[str, FreeDisk]) -> None:
        """From now on there is so much."""
        self._disks.write_bytes(_DISKS.dump_json(dict(machines)))

    def uses(self, stack: str) -> Mapping[str, Usage]:  # noqa: ARG002
        """Nothing runs, so nothing is used."""
        return {}

    def put(self, machines: Mapping[str, FreeMemory]) -> None:
        """From now on there is so much."""
        self._file.write_bytes(_MACHINES.dump_json(dict(machines)))
