"""Where a volume is made: on the host that has it already, and else where there is room."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import NotFound

from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers.docker.labels import name_of
from tasks.providers.swarm.kinds.volume import Volumes

pytestmark = pytest.mark.pure
VOLUME = Resource("shop", "volume/database", "volume", {"size": 2**30}, stateful=True)
NAME = name_of("shop", "volume/database", 1)


class Engine:
    def __init__(self, volumes: set[str]) -> None:
        self.volumes = volumes

    def inspect_volume(self, name: str) -> None:
        if name not in self.volumes:
            raise NotFound(name)

    def create_volume(self, name: str, labels: dict[str, str]) -> None:
        self.volumes.add(name)


class Hosts:
    def __init__(self, **volumes: set[str]) -> None:
        self.engines = {host: Engine(names) for host, names in volumes.items()}

    def on_ready(self, job: Callable[[Any, Engine], Any]) -> dict[str, Any]:
        return {host: job(None, engine) for host, engine in self.engines.items()}

    def engine(self, host: str) -> Engine:
        return self.engines[host]


class Observer:
    def volumes(self, stack: str) -> list[Instance]:
        return [Instance(stack, "volume/database", "volume", "", 1, Health("healthy", "", 1.0))]


@pytest.mark.parametrize(
    ("volumes", "host"),
    [({"a": set(), "b": set()}, "a"), ({"a": set(), "b": {NAME}}, "b"), ({"a": {"another"}, "b": set()}, "a")],
)
def test_data_that_is_there_is_found_although_its_record_is_lost(volumes: dict[str, set[str]], host: str) -> None:
    hosts, records = Hosts(**volumes), dict[str, str]()
    placing = SimpleNamespace(spread_host=lambda *_: SimpleNamespace(host="a"))
    annotations = SimpleNamespace(
        read=lambda *_: None, put=lambda _, labels: records.update(host=labels["tenfold.machine"])
    )
    parts: Any = SimpleNamespace(hosts=hosts, observer=Observer(), placing=placing, annotations=annotations)
    Volumes(parts).create(VOLUME, 1)
    assert records == {"host": host}
    assert [name for name, engine in hosts.engines.items() if NAME in engine.volumes] == [host]
