"""A ledger of a benchmark's own, users who come and go with the hour, and checks that follow them."""

import math
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput
from tasks.base.settings import Settings
from tasks.ledger import Check, CheckResult, Key, Lease, Ledger, Owner

INTERVAL = 15.0
DAY = 86_400.0
BEGAN = 1_800_000_000.0


@dataclass
class CheckedStack:
    """An open ledger, the lock of the checks, and the file that it is."""

    ledger: Ledger
    lease: Lease
    file: Path
    counts: dict[Key, int] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def check(self, keys: list[Key], at: float) -> tuple[float, float, float]:
        """One check at that time, all but the sources. Seconds to read, to decide, and to write."""
        start = time.perf_counter()
        before = self.ledger.checks.recall()
        rhythm = self.ledger.seasonality.past_demand(at, dict.fromkeys(keys, 30.0))
        read = time.perf_counter()
        found = [
            self._checked(key, at, before[key].memory if key in before else AutoscalerState(), rhythm.get(key, ()))
            for key in keys
        ]
        decided = time.perf_counter()
        self.ledger.checks.record(self.lease, Check(at, 0.1, len(found), "a benchmark"), found)
        return read - start, decided - read, time.perf_counter() - decided

    def in_use(self) -> int:
        """Bytes of the database that hold something; the rest of the file is used again before it grows."""
        with sqlite3.connect(self.file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            pages, free, size = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)

    def _checked(self, key: Key, at: float, memory: AutoscalerState, rhythm: tuple) -> CheckResult:  # type: ignore[type-arg]
        measured = self._measured(key, at)
        wanted = self.counts.get(key, 2)
        situation = ScalingInput("web", at, measured, wanted, wanted, 0, maximum=40, start_seconds=30.0, rhythm=rhythm)
        decision, memory = decide(Policy(), situation, memory)
        self.counts[key] = decision.replicas
        readings = {"proxy": {"at": at, "requests": int(at), "latencies": [(bound / 10, 1000) for bound in range(19)]}}
        return CheckResult(*key, measured, readings, decision, memory)

    def _measured(self, key: Key, at: float) -> Measurement:
        """80 requests in flight on average, twice as many by day as by night, with the noise of independent users."""
        level = 80 + 55 * math.sin(2 * math.pi * at / DAY + len(key[0]))
        inside = max(0.0, self.chance.gauss(level, math.sqrt(level)))
        return Measurement(at, INTERVAL, inside * 4, inside, 0.31, self.counts.get(key, 2))


@contextmanager
def checked_stack() -> Iterator[CheckedStack]:
    """A ledger in a folder of its own, removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="tenfold-ticks-"))
    try:
        with Ledger.open(Settings(home=home)) as ledger:
            lease = ledger.checks.acquire(Owner.here("benchmark"), 10 * DAY)
            yield CheckedStack(ledger, lease, next(home.glob("*.db")))
    finally:
        shutil.rmtree(home)


def stacks(count: int) -> list[Key]:
    """So many stacks of one service."""
    return [(f"stack-{number}", "web") for number in range(count)]
