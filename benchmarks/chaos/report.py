"""What the rounds came to: times to recovery by process, what was lost, and what is left."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.chaos.accidents import Accident


@dataclass(frozen=True, slots=True)
class Recovery:
    """How long one accident took to be mended, in seconds; None if it was not within its time."""

    accident: Accident
    seconds: float | None

    def __str__(self) -> str:
        return f"{self.accident}: {'NEVER' if self.seconds is None else f'{self.seconds:.1f} s'}"


@dataclass
class Report:
    """The whole run. A violation is what must never be."""

    recoveries: list[Recovery] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def table(self) -> Iterable[str]:
        """A line for each process and action: how often, median and worst time to recovery."""
        yield f"{'process':18} {'hurt':7} {'times':>5} {'median s':>9} {'worst s':>8}"
        by_kind: dict[tuple[str, str], list[float]] = {}
        for recovery in self.recoveries:
            key = (_kind(recovery.accident.victim), recovery.accident.action)
            by_kind.setdefault(key, []).append(float("inf") if recovery.seconds is None else recovery.seconds)
        for (victim, action), seconds in sorted(by_kind.items()):
            yield (
                f"{victim:18} {_PAST[action]:7} {len(seconds):5} {statistics.median(seconds):9.1f} {max(seconds):8.1f}"
            )


def _kind(victim: str) -> str:
    return "replica" if victim.startswith("web-") else victim


_PAST = {"kill": "killed", "freeze": "frozen", "stop": "stopped"}
