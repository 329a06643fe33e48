"""Kubernetes' HPA, played beside the service on the same measurements: what it would have at every check.

It is a yardstick that needs no setting and knows nothing of us: with the same utilisation wanted, its tolerance of 0.1,
down to the highest wish of 300 s, up to at most the double or 4 more, and replicas that start as slowly. It has the
service's own bounds, and moves by no more than the service may at once.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra_specs.scaling.data import known_fields

TOLERANCE = 0.1
WINDOW = 300.0
MOST_TIMES, MOST_MORE = 2, 4
MOST_WISHES = 24
"""Wishes of the window that are kept."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """`counts`: the last ones, of as many checks as a replica needs to start; the newest is the last."""

    counts: tuple[int, ...] = ()
    wishes: tuple[tuple[float, int], ...] = ()
    """(seconds since the epoch, count) of the window, only those that no later one reaches."""

    @property
    def ready(self) -> int:
        """Replicas that serve: those that were there at all these checks."""
        return min(self.counts)

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> "Shadow":
        values = known_fields(Shadow, data)
        wishes = tuple((float(at), int(count)) for at, count in values.get("wishes", ()))
        return Shadow(tuple(values.get("counts", ())), wishes)


def followed(
    shadow: Shadow,
    load: float,
    now: float,
    *,
    utilisation: float,
    lead: int,
    bounds: tuple[int, int],
    step: int | None = None,
) -> Shadow:
    """After a check that saw `load`, in full replicas' worth. `lead`: checks until a new replica serves. `step`: the
    most replicas that one check adds or removes."""
    count = shadow.counts[-1]
    ratio = load / utilisation / count
    wish = count if abs(1 - ratio) <= TOLERANCE else max(1, math.ceil(count * ratio - 1e-9))
    wishes = [entry for entry in shadow.wishes if entry[1] > wish and entry[0] > now - WINDOW][-MOST_WISHES:]
    wishes.append((now, wish))
    most = max(MOST_TIMES * count, count + MOST_MORE)
    wanted = min(count, wishes[0][1]) if wish < count else min(wish, most)
    if step is not None:
        wanted = max(count - step, min(wanted, count + step))
    low, high = bounds
    return Shadow((*shadow.counts, max(1, low, min(wanted, high)))[-lead:], tuple(wishes))
