"""Run seeds, each in a folder of its own that is gone afterwards."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.simulate.clock import VirtualClock, VirtualLoop
from benchmarks.simulate.events import Event, events_of
from benchmarks.simulate.simulation import Simulation
from benchmarks.simulate.target import Violation
from tasks.base.settings import Settings
from tasks.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Failure:
    """What was wrong with a seed, and the events up to it."""

    seed: int
    why: str
    events: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(
            [f"seed {self.seed}: {self.why}", *(f"  {number}. {text}" for number, text in enumerate(self.events, 1))]
        )


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder for simulations, in memory where the machine has such, with an installation to copy; gone at the end."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        Ledger.open(Settings(home=Path(name) / "template")).close()
        yield Path(name)


def simulate(seed: int, folder: Path) -> Failure | None:
    """Run the events of a seed in a `quick_folder`. Returns what was wrong, or None."""
    return run_events(seed, events_of(seed), folder)


def run_events(seed: int, events: tuple[Event, ...], folder: Path) -> Failure | None:
    """The same with given events."""
    clock, told, home = VirtualClock(), list[str](), folder / str(seed)
    try:
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
            runner.run(Simulation(seed, clock, folder / "template", home, told).run(events))
    except Violation as violation:
        return Failure(seed, str(violation), tuple(told))
    finally:
        shutil.rmtree(home)
    return None
