"""What the containers of a stack use, as the engine says it: `docker stats` in bytes; and what is free beside them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from infra_specs.advice.rightsizing import Usage
from infra_specs.scaling.node_capacity import FreeMemory
from tasks.providers import machine


def uses(containers: Iterable[tuple[str, str]], stats: Callable[[str], Mapping[str, Any]]) -> dict[str, Usage]:
    """Memory by address, of containers by address and id. Without the files that the kernel only keeps at hand."""
    return {address: Usage(memory=memory(stats(id))) for address, id in containers}


def memory(said: Mapping[str, Any]) -> int | None:
    """Bytes, as `docker stats` counts them; None for a container that does not run."""
    told = said.get("memory_stats") or {}
    if "usage" not in told:
        return None
    details = told.get("stats") or {}
    at_hand = details.get("inactive_file", details.get("total_inactive_file", 0))
    return max(0, int(told["usage"]) - int(at_hand))


def free_memory(door: str, info: Callable[[], Mapping[str, Any]]) -> FreeMemory | None:
    """Of the machine of the engine behind `door`, if that is this one: the engine itself only tells how much it has.

    A socket may lead elsewhere (into Docker Desktop's machine, through SSH), which then has another size.
    """
    if not door.startswith(("http+docker:", "unix:")) or (here := machine.free_memory()) is None:
        return None
    return here if info().get("MemTotal") == here.total else None
