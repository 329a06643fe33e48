"""A pretended shop, its users, and a clock that a test moves: many checks in a moment."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest import mock

from infra_specs.advice.rightsizing import Usage
from infra_specs.catalogue.desired import desired_state, generated_secrets
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Ref, Reference
from infra_specs.scaling.decision import Decision
from infra_specs.scaling.node_capacity import FreeDisk, FreeMemory
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.secrets import named_secrets
from infra_specs.stackfile.models.target import Memory
from infra_specs.stackfile.reading.load import from_data, stored
from tasks.autoscaling.check import PendingDecision, check
from tasks.autoscaling.measure import measure
from tasks.base.settings import Settings
from tasks.ledger import Lease, Ledger, Owner
from tasks.providers.memory import MemoryProvider
from tasks.providers.memory.simulated_load import Load
from tasks.providers.seam.traffic import Traffic

interval = 15.0
AT_REST, REST = 60, 8
"""Checks after which steady users change no count any more, and the last of them in which none did."""
MONDAY = 1_794_823_200.0
"""2026-11-16 10:00 UTC."""
Fault = Callable[[Mapping[str, Traffic]], Mapping[str, Traffic]]


class Lying(MemoryProvider):
    """Its proxy says what a fault makes of the truth, and its things use what a test says."""

    lie: Fault | None = None
    used: Mapping[str, Usage] = MappingProxyType({})

    def __init__(self, home: Path, target: Memory) -> None:
        super().__init__(home, target)
        self.truth, self.memory = self.traffic, self.host
        self.traffic = self.host = self

    def counts(self, stack: str) -> Mapping[str, Mapping[str, Traffic]]:
        assert self.truth is not None
        truth = self.truth.counts(stack)
        if self.lie is None:
            return truth
        told = self.lie({service: counts for service, proxies in truth.items() for counts in proxies.values()})
        return {service: {"proxy/main": counts} for service, counts in told.items()}

    def uses(self, stack: str) -> Mapping[str, Usage]:
        return self.used

    def free_disks(self) -> Mapping[str, FreeDisk]:
        assert self.memory is not None
        return self.memory.free_disks()

    def queue_memory(self, stack: str) -> tuple[int, int] | None:
        assert self.memory is not None
        return self.memory.queue_memory(stack)

    def free_memory(self) -> Mapping[str, FreeMemory]:
        assert self.memory is not None
        return self.memory.free_memory()


@dataclass
class Scene:
    """One stack, `shop`, with a service `web`, and the checks that follow its users."""

    ledger: Ledger
    lease: Lease
    world: Lying
    at: float = MONDAY
    decisions: list[Decision] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Replicas that are there."""
        return sum(instance.kind == "replica" for instance in self.world.observe("shop"))

    def replicas(self, service: str) -> int:
        """The same of one service."""
        return sum(instance.address.startswith(f"replica/{service}-") for instance in self.world.observe("shop"))

    def users(self, in_flight: float) -> None:
        """From now on so many requests are inside, each for 0.2 s."""
        self.world.set_load("shop", "web", Load(requests_per_second=in_flight * 5, latency=0.2))

    def checks(self, number: int) -> list[Decision]:
        """So many checks, one an interval, each decision carried out before the next. Returns what was decided."""
        made = []
        for _ in range(number):
            self.at += interval
            outcome = check(self.ledger, self.lease, measure, interval=interval)
            made.append(self.ledger.decisions.recent("shop", "web", 1)[0].decision)
            for due in outcome.pending:
                self._carry_out(due)
        self.decisions += made
        return made

    def rest(self) -> int:
        """Check until steady users change the count no more, and return it."""
        self.checks(AT_REST)
        assert len({decision.replicas for decision in self.decisions[-REST:]}) == 1
        return self.count

    def want(self, spec: dict[str, Any]) -> None:
        """Provision it so, as far as a pretended world needs it."""
        lease = self.ledger.locks.acquire("shop", Owner.here("provision"), 1e9)
        self.ledger.stacks.set_desired(lease, "shop", from_data(spec).model_dump(mode="json", by_alias=True), "/srv")
        self.ledger.locks.release(lease)
        self._settle()

    def _carry_out(self, due: PendingDecision) -> None:
        lease = self.ledger.locks.acquire(due.stack, Owner.here("scale"), 1e9)
        self.ledger.stacks.override(lease, due.decision.service, due.decision.replicas, due.decision.reason)
        self.ledger.locks.release(lease)
        self.ledger.decisions.acted(self.lease, due.id, "a run")
        self._settle()

    def _settle(self) -> None:
        known = self.ledger.stacks.find("shop")
        assert known is not None
        stack = stored(known.spec)
        secrets = dict.fromkeys((*named_secrets(stack), *generated_secrets(stack)), 1)
        wanted = desired_state(stack, size(stack), counts=known.override_counts, secrets=secrets, source="/srv")
        instances: dict[str, Instance] = {}
        for resource in wanted:
            instances[resource.address] = self.world.create(resource.resolved(partial(_value, instances)))
        for instance in self.world.observe("shop"):
            if instance.address not in instances or instance.incarnation != instances[instance.address].incarnation:
                self.world.destroy(instance)


def _value(there: Mapping[str, Instance], reference: Reference) -> str:
    if not isinstance(reference, Ref):
        return "a secret"
    return there[reference.address].outputs[reference.output]


def spec(**more: Any) -> dict[str, Any]:
    """Ten requests in flight for each replica, 1 to 20 of them, at $72 a month: ten cents an hour."""
    web = {"command": "run", "port": 80, "capacity": 10, "replicas": {"min": 1, "max": 20}, **more.pop("web", {})}
    return {"name": "shop", "target": {"provider": "memory", "price_per_replica": 72}, "services": {"web": web}, **more}


@contextmanager
def scene(home: Path, proxies: int = 1, **more: Any) -> Iterator[Scene]:
    """The shop, provisioned on a Monday morning."""
    settings = Settings(home=home)
    world = Lying(home / "memory", Memory(provider="memory", proxies=proxies))
    with (
        mock.patch("tasks.autoscaling.measure.settings", return_value=settings),
        mock.patch("tasks.autoscaling.node_memory.settings", return_value=settings),
        mock.patch("tasks.autoscaling.measure.open_provider", return_value=world),
        mock.patch("tasks.providers.open_provider", return_value=world),
        Ledger.open(settings) as ledger,
    ):
        made = Scene(ledger, ledger.checks.acquire(Owner.here("autoscale"), 1e9), world)
        with mock.patch.object(time, "time", side_effect=lambda: made.at):
            made.want(spec(**more))
            yield made


def told(**changes: Any) -> Fault:
    """A fault that says other numbers of every service."""
    return lambda found: {name: replace(sample, **changes) for name, sample in found.items()}
