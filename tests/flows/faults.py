"""The memory target with accidents on order, for tests of flows in this process."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import flows.engine.frame
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers.memory import MemoryProvider


class Faulty(MemoryProvider):
    """Fails on creating an address as often as it is told to, and remembers every call and every environment."""

    def __init__(self, home: Path) -> None:
        super().__init__(home / "memory")
        self.fails: dict[str, list[ProviderError]] = {}
        self.log = ""
        self.never = ""
        self.doubt = ""
        self.exposures: tuple[str, ...] = ()
        self.calls: Counter[str] = Counter()
        self.env: dict[str, dict[str, str]] = {}

    def create(self, resource: Resource) -> Instance:
        self.calls[f"create {resource.address}"] += 1
        if faults := self.fails.get(resource.address):
            raise faults.pop(0)
        env: Any = resource.settings.get("env", {})
        self.env[resource.address] = dict(env)
        return super().create(resource)

    def update(self, instance: Instance, resource: Resource) -> Instance:
        self.calls[f"update {resource.address}"] += 1
        return super().update(instance, resource)

    def destroy(self, instance: Instance) -> Instance | None:
        self.calls[f"destroy {instance}"] += 1
        return super().destroy(instance)

    def fault(self, resource: Resource) -> str:
        """Why nothing of a service can ever start here."""
        return self.never if "service" in resource.settings else ""

    def hint(self, _: Resource) -> str:
        """What may not have been meant by any command."""
        return self.doubt

    def exposed(self, _: str) -> tuple[str, ...]:
        """What others reach past the proxy."""
        return self.exposures

    def stop(self, instance: Instance, why: str) -> None:
        self.calls[f"stop {instance}"] += 1
        if faults := self.fails.get(f"stop {instance}"):
            raise faults.pop(0)
        super().stop(instance, why)

    def logs(self, instance: Instance, lines: int) -> str:
        return self.log or super().logs(instance, lines)


def sick(reason: str) -> Health:
    return Health("failed", reason, 0.0)


@pytest.fixture
def target(home: Path, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    """What every run of the test works on."""
    home.mkdir()
    provider = Faulty(home)
    opening: Callable[..., Faulty] = lambda *_: provider  # noqa: E731
    monkeypatch.setattr(flows.engine.frame, "open_provider", opening)
    return provider
