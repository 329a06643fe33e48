"""A machine that is too busy: a loop on every core, and what becomes of the checks meanwhile."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks.control_plane import Api
from tasks.base.settings import settings
from tasks.ledger import Ledger

LOOK_SECONDS = 2.0
FLOWS = ["autoscale", "reconcile"]


@dataclass(slots=True)
class Watched:
    """What was seen of the checks."""

    gaps: list[float] = field(default_factory=list)
    """Seconds from one check to the next."""
    at_work: int = 0
    """Runs of one flow that were in progress at a time, at most."""
    overdue: int = 0
    """Runs that were due and not begun at a time, at most."""

    def __str__(self) -> str:
        longest = max(self.gaps, default=float("inf"))
        return (
            f"{len(self.gaps)} checks, at most {longest:.0f} s from one to the next; at most {self.at_work} runs of a "
            f"flow in progress, {self.overdue} overdue"
        )


@contextmanager
def busy_cores() -> Iterator[None]:
    """A loop on every core, until the block ends."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@contextmanager
def watched_checks(api: Api) -> Iterator[Watched]:
    """Look at the checks until the block ends."""
    seen, over = Watched(), threading.Event()
    watching = threading.Thread(target=_watch, args=(api, seen, over))
    watching.start()
    try:
        yield seen
    finally:
        over.set()
        watching.join()


def _watch(api: Api, seen: Watched, over: threading.Event) -> None:
    with Ledger.open(settings()) as ledger:
        last = ledger.checks.last()
        while not over.wait(LOOK_SECONDS):
            check = ledger.checks.last()
            if check and last and check.at != last.at:
                seen.gaps.append(check.at - last.at)
            last = check
            for flow in FLOWS:
                seen.at_work = max(seen.at_work, _count(api, flow, state={"type": {"any_": ["RUNNING"]}}))
                before = datetime.fromtimestamp(time.time() - LOOK_SECONDS, UTC).isoformat()
                due = {"state": {"type": {"any_": ["SCHEDULED"]}}, "expected_start_time": {"before_": before}}
                seen.overdue = max(seen.overdue, _count(api, flow, **due))


def _count(api: Api, flow: str, **runs: object) -> int:
    asked = {"flows": {"name": {"any_": [flow]}}, "flow_runs": runs}
    return int(api.http.post("/flow_runs/count", json=asked).raise_for_status().json())
