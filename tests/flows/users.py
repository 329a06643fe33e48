"""Users of pretended services: what a check measures, as a test says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

import flows.autoscale
from flows.scale import scale
from infra_specs.scaling.measurement import Measured
from tasks.autoscaling.scaled_stack import Subject
from tasks.base.clock import now
from tasks.ledger import Key, Remembered
from tasks.metrics import Seen


@dataclass
class Users:
    """Requests in flight by stack and service; of others nothing is measured."""

    in_flight: dict[Key, float] = field(default_factory=dict)
    seen: list[Mapping[Key, Remembered]] = field(default_factory=list)

    def measure(self, found: Sequence[Subject], before: Mapping[Key, Remembered]) -> dict[Key, Seen]:
        self.seen.append(before)
        read: dict[Key, Seen] = {}
        for one in found:
            for service in one.scaled:
                if (count := self.in_flight.get((one.stack.name, service))) is not None:
                    measured = Measured(now(), 15, count * 5, count, 0.2, one.counts[service])
                    read[one.stack.name, service] = Seen(measured, {"requests": count})
        return read


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> Users:
    found = Users()
    monkeypatch.setattr(flows.autoscale, "measure", found.measure)
    return found


async def served() -> None:
    """The scale flow as a deployment, which nobody serves: its runs stay as they were asked for."""
    deployment: Any = await scale.ato_deployment(name="scale", tags=["tenfold"])
    await deployment.apply()
