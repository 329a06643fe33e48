"""What goes wrong with sources and money, and what becomes of the number of replicas: the table of the benchmark."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from infra_specs.errors import TransientError
from infra_specs.scaling.decision import Decision
from tasks.providers.seam.traffic import Traffic
from tests.tasks.autoscaling.scene import Fault, Scene, scene, told

STEADY = 40.0
"""Requests in flight before and after."""
LONG = 16
"""Checks: four minutes, longer than the window in which fewer replicas are not yet believed."""


@dataclass(frozen=True, slots=True)
class Told:
    """A fault's outcome: replicas before, the fewest and most while it lasted, those after it was over."""

    fault: str
    before: int
    fewest: int
    most: int
    after: int
    said: str

    def __str__(self) -> str:
        return f"{self.fault:44}  {self.before:2} | {self.fewest:2}..{self.most:2} | {self.after:2}  {self.said}"


def dead(_: Mapping[str, Traffic]) -> Mapping[str, Traffic]:
    raise TransientError("the proxy does not answer")


def frozen() -> Fault:
    """Says for ever what it said first."""
    first: list[Mapping[str, Traffic]] = []

    def same(found: Mapping[str, Traffic]) -> Mapping[str, Traffic]:
        first.append(found)
        return first[0]

    return same


def restarted() -> Fault:
    """Counts from nothing on."""
    first: dict[str, Traffic] = {}

    def anew(found: Mapping[str, Traffic]) -> Mapping[str, Traffic]:
        for name, sample in found.items():
            first.setdefault(name, sample)
        return {name: _less(sample, first[name]) for name, sample in found.items()}

    return anew


def _less(one: Traffic, first: Traffic) -> Traffic:
    return replace(
        one, requests=one.requests - first.requests, answered=one.answered - first.answered,
        seconds=one.seconds - first.seconds, running=one.running - first.running,
        latencies={bound: count - first.latencies.get(bound, 0) for bound, count in one.latencies.items()},
    )  # fmt: skip


sources: dict[str, Callable[[], Fault]] = {
    "the source is dead": lambda: dead,
    "the source knows the service no more": lambda: lambda _: {},
    "the source is frozen": frozen,
    "the source is restarted": restarted,
    "the source lies: negative counts": lambda: told(requests=-5, answered=-5),
    "the source lies: negative in flight": lambda: told(in_flight=-3),
    "the source lies: NaN": lambda: told(seconds=math.nan),
    "the source lies: more than there can be": lambda: told(in_flight=10**15, requests=10**18),
}


def of_a_source(name: str, home: Path) -> Told:
    """Steady users, first without a fault of the source, then with it, then without."""
    with scene(home) as shop:
        shop.users(STEADY)
        before = shop.rest()
        shop.world.lie = sources[name]()
        counts, made = _counted(shop, LONG)
        shop.world.lie = None
        shop.checks(LONG)
        return Told(name, before, min(counts), max(counts), shop.count, _why(made[-1]))


def of_a_budget(home: Path) -> Told:
    """A spike of an hour that the month's budget does not last for."""
    with scene(home, budget=150.0) as shop:
        shop.users(8)
        shop.checks(LONG)
        before = shop.count
        shop.users(150)
        counts, made = _counted(shop, 15 * LONG)
        shop.users(8)
        shop.checks(LONG)
        return Told("the budget is gone in the middle of a spike", before, min(counts), max(counts), shop.count,
                    _why(made[-1]))  # fmt: skip


def every(home: Path) -> list[Told]:
    """The whole table; `home` is an empty folder."""
    return [
        *(of_a_source(name, home / str(number)) for number, name in enumerate(sources)),
        of_a_budget(home / "money"),
    ]


def _counted(shop: Scene, number: int) -> tuple[list[int], list[Decision]]:
    counts, made = list[int](), list[Decision]()
    for _ in range(number):
        made += shop.checks(1)
        counts.append(shop.count)
    return counts, made


def _why(decision: Decision) -> str:
    return decision.steps[-1].reason
