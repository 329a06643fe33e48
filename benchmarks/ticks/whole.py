"""One whole check of many stacks: specs read, pretended proxies asked, decided, kept; all but Prefect's own run."""

import functools
import json
import resource
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from infra_specs.catalogue.desired import desired_state
from infra_specs.resources.instance import Instance
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.autoscaling.check import check
from tasks.autoscaling.measure import measure
from tasks.base.settings import Settings
from tasks.ledger import Ledger, Owner
from tasks.providers.memory import MemoryProvider
from tasks.providers.memory.simulated_load import Load

INTERVAL = 15.0
ROUNDS = 5


def main(counts: tuple[int, ...]) -> None:
    print("stacks  seconds  CPU seconds  peak MB  ledger MB")
    for count in counts:
        with TemporaryDirectory(prefix="tenfold-ticks-") as folder:
            _measured(count, Path(folder))


def _measured(count: int, home: Path) -> None:
    config = Settings(home=home)
    with (
        mock.patch("tasks.autoscaling.measure.settings", return_value=config),
        mock.patch("tasks.autoscaling.node_memory.settings", return_value=config),
        Ledger.open(config) as ledger,
    ):
        _build(ledger, home / "memory", count)
        lease = ledger.checks.acquire(Owner.here("benchmark"), 1e6)
        times, cpus = [], []
        for number in range(ROUNDS + 2):
            wall, cpu = time.perf_counter(), time.process_time()
            outcome = check(ledger, lease, measure, interval=INTERVAL)
            assert outcome.services == count
            if number > 1:  # the first has nothing to compare with
                times.append(time.perf_counter() - wall)
                cpus.append(time.process_time() - cpu)
        size_of = sum(path.stat().st_size for path in home.glob("ledger.db*")) / 1e6
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(
            f"{count:6}  {statistics.median(times):7.3f}  {statistics.median(cpus):11.3f}  {peak:7.0f}  {size_of:9.1f}",
            flush=True,
        )


def _build(ledger: Ledger, home: Path, count: int) -> None:
    """Every stack with two replicas of one service, and its users."""
    names = [f"stack-{number}" for number in range(count)]
    for name in names:
        lease = ledger.locks.acquire(name, Owner.here("benchmark"), 1e6)
        ledger.stacks.set_desired(lease, name, _stack(name).model_dump(mode="json", by_alias=True), "/srv")
        ledger.locks.release(lease)
    world = MemoryProvider(home)
    world.set_load(names[0], "web", Load())  # makes the folder
    (home / "world.json").write_text(
        json.dumps([instance for name in names for instance in _instances(name, home / "one")])
    )
    for number, name in enumerate(names):
        world.set_load(name, "web", Load(requests_per_second=50 + number % 50, latency=0.2))


def _stack(name: str) -> Stack:
    web = {"command": "run", "port": 80, "replicas": {"min": 2, "max": 40}}
    return from_data({"name": name, "target": {"provider": "memory"}, "services": {"web": web}})


@functools.cache
def _made(home: Path) -> str:
    """One stack's world, as the provider writes it."""
    stack, world, instances = _stack("the-one"), MemoryProvider(home), dict[str, Instance]()
    for wanted in desired_state(stack, size(stack), counts={}, secrets={}, source="/srv"):
        resolved = wanted.resolved(lambda one: instances[one.address].outputs[one.output])  # type: ignore[union-attr]
        instances[wanted.address] = world.create(resolved)
    return (home / "world.json").read_text()


def _instances(name: str, home: Path) -> list[Any]:
    return list(json.loads(_made(home).replace("the-one", name)))
