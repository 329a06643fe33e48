"""Jobs that a queue acknowledged and lost, over rounds in which it is killed, frozen, or its disk is full.

python -m benchmarks.queue [--target local|docker] [--rounds N] [--busy]

Eight writers put jobs in as fast as they are acknowledged. The server is killed after a moment, or stopped until its
keeper has ended it, or its disk fills and it is killed once more while that is full. When it is back, each acknowledged
job must be there. `--busy`: another program writes to the disk and waits for it, over and over. Exit 1 if one is lost.
A full disk is a file system of its own, for which the caller must be root.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from benchmarks.queue.server import NAME, PASSWORD, Hurt, Target, freeze, hurt_on, kill, newest, queue_on
from benchmarks.queue.writers import Connection, Writer, started
from infra_specs.errors import TenfoldError

KINDS = ("kill", "freeze", "full")
RECOVERY_SECONDS = 300.0


class Disturber(Thread):
    """Whoever else writes to this disk: 100 MB at a time, and waits for it."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path, self._ended = path, Event()

    def run(self) -> None:
        while not self._ended.is_set():
            with self._path.open("wb", buffering=0) as file:
                for _ in range(100):
                    file.write(bytes(2**20))
                os.fsync(file.fileno())
        self._path.unlink()

    def end(self) -> None:
        self._ended.set()
        if self.is_alive():
            self.join()


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.queue")
    parser.add_argument("--target", choices=("local", "docker"), default="local")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--busy", action="store_true")
    asked = parser.parse_args()
    target: Target = asked.target
    total = lost = 0
    with hurt_on(target) as hurt:
        for number in range(asked.rounds):
            acknowledged, gone = round_of(hurt, number, KINDS[number % len(KINDS)], busy=asked.busy)
            total, lost = total + acknowledged, lost + gone
    print(f"{target}, {asked.rounds} rounds: {lost} of {total:,} acknowledged jobs lost")
    return 1 if lost else 0


def round_of(hurt: Hurt, number: int, kind: str, *, busy: bool) -> tuple[int, int]:
    """Hurt a new queue once. How many jobs it acknowledged, and how many of them it lost."""
    with queue_on(hurt, small=kind == "full") as (folder, repair):
        _wait_until_back(hurt, repair)
        writers = started(number, hurt.where, PASSWORD)
        disturber = Disturber(folder.parent / "disturber")
        if busy and kind != "full":
            disturber.start()
        time.sleep(2 + random.random() * 2)
        hurt_at = time.monotonic()
        _hurt(hurt, kind, folder, writers)
        _wait_until_back(hurt, repair)
        seconds = time.monotonic() - hurt_at
        time.sleep(1)
        for writer in writers:
            writer.end()
        disturber.end()
        acknowledged = {job for writer in writers for job in writer.acknowledged}
        connection = Connection(hurt.where() or ("", 0), PASSWORD)
        gone = acknowledged - connection.jobs()
        connection.close()
    load = os.getloadavg()[0]
    print(f"{number:3} {kind:6} {len(acknowledged):7,} acknowledged, {len(gone)} lost, back after {seconds:.1f} s "
          f"(load {load:.1f})", flush=True)  # fmt: skip
    return len(acknowledged), len(gone)


def _hurt(hurt: Hurt, kind: str, folder: Path, writers: Sequence[Writer]) -> None:
    if kind == "full":
        _fill(hurt, folder, writers)
    else:
        (kill if kind == "kill" else freeze)(hurt)
    time.sleep(1)  # until nobody takes it for healthy any more


def _fill(hurt: Hurt, folder: Path, writers: Sequence[Writer]) -> None:
    """No byte is free until nothing is acknowledged for two seconds; then the server is killed, and there is room.

    The writers have ended by then: they would fill the room again.
    """
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(2**16))
    before, since = -1, time.monotonic()
    while time.monotonic() - since < 2:
        count = sum(len(writer.acknowledged) for writer in writers)
        before, since = count, since if count == before else time.monotonic()
        time.sleep(0.1)
    with suppress(ProcessLookupError):
        if hurt.pid():
            kill(hurt)
    for writer in writers:
        writer.end()
    filler.unlink()


def _wait_until_back(hurt: Hurt, repair: Callable[[], object]) -> None:
    """Until it answers. What the control plane does is done in its place: containers that are down are started again,
    and what has failed for good, as one whose disk stayed full, is repaired."""
    deadline, server = time.monotonic() + RECOVERY_SECONDS, None
    while time.monotonic() < deadline:
        with suppress(OSError, TenfoldError):
            restarts = hurt.provider.restarts
            for instance in restarts.down(NAME) if restarts else ():
                restarts.restart(instance)
            server = newest(hurt.provider)
            if server and server.failed:
                repair()
            if server and server.health.state == "healthy" and (where := hurt.where()):
                Connection(where, PASSWORD).close()
                return
        time.sleep(0.5)
    sys.exit(f"it never came back: {server.health if server else 'it is gone'}")


if __name__ == "__main__":
    sys.exit(main())
