"""What the service was seen to be, beside the HPA that is played with it, and the prices that follow.

Sums over some weeks, in full replicas' worth of demand. Where we are hotter, slower or lose more than the HPA does, it
becomes dearer until we are not; where we are better than we need be, it becomes cheaper. The same of changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra_specs.scaling.data import known_fields

SLOWEST, HOT = 20.0, 0.9
"""The response time of what is lost, over that of an idle replica; the utilisation above which demand is hot."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one scaler."""

    slow: float = 0.0
    hot: float = 0.0
    lost: float = 0.0
    changes: float = 0.0

    def with_check(self, load: float, ready: int, kept: float) -> "Sums":
        """With one more check, in which `ready` replicas served `load`; what was before counts `kept` times."""
        used = load / ready if ready else 2.0
        factor = min(SLOWEST, 1 / (1 - used)) if used < 1 else SLOWEST
        return Sums(
            round(self.slow * kept + load * factor, 6),
            round(self.hot * kept + (load if used > HOT + 1e-9 else 0.0), 6),
            round(self.lost * kept + max(0.0, load - ready), 6),
            round(self.changes * kept, 6),
        )

    def with_change(self, changed: bool) -> "Sums":
        """With a change of the count, if there was one."""
        return replace(self, changes=self.changes + 1) if changed else self


@dataclass(frozen=True, slots=True)
class Accounts:
    """Ours beside the HPA's. `checks` and `arrived`: how many checks that is of, and of how much demand."""

    checks: float = 0.0
    arrived: float = 0.0
    ours: Sums = Sums()
    theirs: Sums = Sums()

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> "Accounts":
        values = known_fields(Accounts, data)
        for name in ("ours", "theirs"):
            values[name] = Sums(**known_fields(Sums, values.get(name, {})))
        return Accounts(**values)
