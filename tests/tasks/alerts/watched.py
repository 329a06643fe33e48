"""A pretended shop whose alerts are decided after each check, on a clock that a test moves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from infra_specs.alerts.alert import Alert
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.selection import ReleaseState
from infra_specs.resources.instance import Health
from infra_specs.stackfile.models.stack import Stack
from tasks.alerts.evaluate import evaluate
from tasks.autoscaling.check import check
from tasks.autoscaling.measure import measure
from tasks.ledger import Lease, Ledger, Owner
from tasks.ledger.messages import DueMessage
from tasks.metrics import Prometheus
from tasks.providers.memory import MemoryProvider
from tasks.providers.memory.simulated_load import Load
from tests.tasks.autoscaling.scene import Scene, interval, scene

HOOK = {"to": [{"secret": "hook"}]}


@dataclass
class Watched:
    """The shop, and what its owner would hear."""

    shop: Scene

    @property
    def ledger(self) -> Ledger:
        return self.shop.ledger

    @property
    def world(self) -> MemoryProvider:
        return self.shop.world

    def checks(
        self, seconds: float, before: Callable[[], None] = lambda: None, every: float = interval
    ) -> tuple[Alert, ...]:
        """Checks for so long. Returns the alerts that are open then. `before` happens before each of them."""
        alerts: tuple[Alert, ...] = ()
        end = self.shop.at + seconds
        while self.shop.at < end:
            self.shop.at += every
            before()
            outcome = check(self.ledger, self.shop.lease, measure, interval=interval)
            alerts = evaluate(self.ledger, self.shop.lease, outcome)
        return alerts

    def load(self, **load: Any) -> None:
        """From now on users ask this of the shop."""
        self.world.set_load("shop", "web", Load(**load))

    def health(self, address: str, state: str) -> None:
        """From now on what is at this address is so."""
        self.world.set_health("shop", address, Health(state, "as a test says", self.shop.at))  # type: ignore[arg-type]

    def messages(self) -> tuple[DueMessage, ...]:
        """What is to be told, and was not delivered."""
        return self.ledger.messages.due(self.shop.at)

    @property
    def stack(self) -> Stack:
        record = self.ledger.stacks.find("shop")
        assert record is not None
        return record.stack()

    def titles(self) -> list[str]:
        return [due.message.title for due in self.messages()]

    def release(
        self, verb: str = "deploy", reason: str = "the next one", image: str = "shop:1", *, is_good: bool = True
    ) -> Lease:
        """A run that brings a release, and proves it, or undoes it."""
        lease = self.ledger.locks.acquire("shop", Owner.here(verb, flow_run_id=f"flow of {reason}"), 1e9)
        content = ReleaseManifest({}, {}, {"web": image})
        new = self.ledger.releases.begin(lease, verb, reason, content=content, file=content)
        run = self.ledger.runs.begin(lease, verb, reason, {"summary": "", "waves": [], "kept": []})
        change = {"action": "create", "address": "replica/web-0", "reason": reason, "text": reason}
        id = self.ledger.runs.intend(lease, run, change)
        self.ledger.runs.outcome(lease, id, "done" if is_good else "failed", "", 1.0)
        if is_good:
            self.ledger.releases.prove(lease, new.number)
        else:
            self.ledger.releases.end(lease, new.number, ReleaseState.ROLLED_BACK, "not healthy")
        self.ledger.runs.finish(lease, run, "done" if is_good else "failed", "")
        self.ledger.locks.release(lease)
        return lease


@contextmanager
def watched(home: Path, **more: Any) -> Iterator[Watched]:
    """A shop that is well and has users, with a release."""
    prometheus = Prometheus()  # one for all checks: to make one takes longer than a check
    with (
        mock.patch("tasks.autoscaling.measure.Prometheus", return_value=nullcontext(prometheus)),
        scene(home, **{"alerts": HOOK, **more}) as shop,
    ):
        shop.ledger.secrets.set("shop", "hook", "json://127.0.0.1:9/token-of-hook")
        made = Watched(shop)
        made.release("provision", "its first")
        made.load(requests_per_second=50, latency=0.1)
        yield made
