"""Users of pretended services: what a check measures, as a test says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

import flows.autoscale
from flows.scale import scale
from infra_specs.scaling.measurement import Measurement
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.base.clock import now
from tasks.ledger import Key, SavedState
from tasks.metrics import ServiceSample


@dataclass
class Users:
    """Requests in flight by stack and service; of others nothing is measured."""

    in_flight: dict[Key, float] = field(default_factory=dict)
    seen: list[Mapping[Key, SavedState]] = field(default_factory=list)

    def measure(self, found: Sequence[ScaledStack], before: Mapping[Key, SavedState]) -> dict[Key, ServiceSample]:
        self.seen.append(before)
        read: dict[Key, ServiceSample] = {}
        for user in found:
            for service in user.scaled_services:
                if (count := self.in_flight.get((user.stack.name, service))) is not None:
                    measured = Measurement(now(), 15, count * 5, count, 0.2, user.counts[service])
                    read[user.stack.name, service] = ServiceSample(measured, {"requests": count})
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
