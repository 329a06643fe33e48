"""What the containers of a stack use, as the engine says it: `docker stats` in bytes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from infra_specs.advice.uses import Use


def uses(containers: Iterable[tuple[str, str]], stats: Callable[[str], Mapping[str, Any]]) -> dict[str, Use]:
    """Memory by address, of containers by address and id. Without the files that the kernel only keeps at hand."""
    return {address: Use(memory=memory(stats(id))) for address, id in containers}


def memory(said: Mapping[str, Any]) -> int | None:
    """Bytes, as `docker stats` counts them; None for a container that does not run."""
    told = said.get("memory_stats") or {}
    if "usage" not in told:
        return None
    details = told.get("stats") or {}
    at_hand = details.get("inactive_file", details.get("total_inactive_file", 0))
    return max(0, int(told["usage"]) - int(at_hand))
