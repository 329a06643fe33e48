"""What the policy remembers of a service between two checks; everything else it is told each time."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from infra_specs.scaling.data import known

version = 1


@dataclass(frozen=True, slots=True)
class Memory:
    """Small (JSON below 4 KB), and never needed: a check that has lost it starts with `Memory()` and learns anew."""

    recommendations: tuple[tuple[float, int], ...] = ()
    """(seconds since the epoch, replicas) of the stabilization window, only those that a later one does not exceed."""

    def as_data(self) -> dict[str, Any]:
        return {"version": version, **asdict(self)}

    @staticmethod
    def from_data(data: Mapping[str, Any] | None) -> "Memory":
        """What was kept; of another version, or nothing, a new one."""
        if not data or data.get("version") != version:
            return Memory()
        kept = known(Memory, data)
        kept["recommendations"] = tuple((float(at), int(count)) for at, count in kept.get("recommendations", ()))
        return Memory(**kept)
