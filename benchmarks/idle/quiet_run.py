"""What a reconcile that finds nothing costs beyond an empty run of Prefect, in one long-lived process.

python -m benchmarks.idle.quiet_run [ROUNDS]

A processor's milliseconds a run: of this process, and of Prefect's server, which records the runs. The goal is at most
50 ms beyond the empty run, both together.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from prefect import flow, tags
from prefect.context import AsyncClientContext

from benchmarks.idle.processes import PROC, TICKS
from flows.provision import provision
from flows.reconcile import reconcile
from tasks.run.held_logs import held_log
from tasks.run.tags import DRIFT
from tasks.supervisor.family import descendants
from tests.support.homes import temporary_home
from tests.support.prefect_server import running

ROUNDS = 50
SETTLE_SECONDS = 6.0
"""After so long the server has written what it records of the runs."""
SPEC = {"target": {"provider": "memory"}, "services": {"web": {"command": "run", "port": 80, "replicas": 2}}}


@flow
async def empty() -> None:
    """Does nothing."""


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with temporary_home(), tempfile.TemporaryDirectory() as folder, running(Path(folder)):
        asyncio.run(_measure(rounds))


async def _measure(rounds: int) -> None:
    await provision(spec={"name": "quiet", **SPEC}, source="/srv")

    async def looked() -> None:
        with tags(DRIFT), held_log():  # as one that nobody asked for
            await reconcile(stack="quiet", return_state=True)

    async with AsyncClientContext.get_or_create():
        nothing = await _milliseconds(empty, rounds)
        quiet = await _milliseconds(looked, rounds)
    print("milliseconds of a processor a run    this process    Prefect's server")
    for name, (own, server) in (("empty run", nothing), ("reconcile that finds nothing", quiet)):
        print(f"{name:35}  {own:12.1f}  {server:18.1f}")
    beyond = sum(quiet) - sum(nothing)
    print(f"beyond the empty run: {beyond:.1f} ms (goal: 50)")


async def _milliseconds(run: Callable[[], Awaitable[object]], rounds: int) -> tuple[float, float]:
    """Of this process and of its children, the server among them, for each run."""
    await run()
    await asyncio.sleep(SETTLE_SECONDS)
    own, server = _spent(), _of_children()
    began = asyncio.get_running_loop().time()
    for _ in range(rounds):
        await run()
    own = _spent() - own
    await asyncio.sleep(SETTLE_SECONDS)
    took = asyncio.get_running_loop().time() - began
    server = _of_children() - server
    idle = _of_children()
    await asyncio.sleep(SETTLE_SECONDS)
    idle = (_of_children() - idle) / SETTLE_SECONDS * took
    return own / rounds * 1000, max(0.0, server - idle) / rounds * 1000


def _spent() -> float:
    times = os.times()
    return times.user + times.system


def _of_children() -> float:
    """Seconds of a processor that all children have used, those that have ended included."""
    fields = [(PROC / str(pid) / "stat").read_text().rpartition(")")[2].split() for pid in descendants(os.getpid())]
    return sum(int(number) for line in fields for number in line[11:15]) / TICKS


if __name__ == "__main__":
    main()
