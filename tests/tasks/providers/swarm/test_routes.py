"""A route on several hosts waits as long as their engines may take to find a task that moved."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from json import dumps
from typing import Any

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource, Setting
from tasks.providers import labels
from tasks.providers.docker.annotations import Annotation
from tasks.providers.docker.labels import RECORD_LABEL, labels_of
from tasks.providers.docker.store import Key
from tasks.providers.envoy import config_push
from tasks.providers.envoy.admin_state import AdminState, Upstream
from tasks.providers.envoy.config_push import rule_of
from tasks.providers.envoy.route_state import after_change
from tasks.providers.swarm.proxies import SYNC_SECONDS, HostFolder, SwarmRoutes

pytestmark = pytest.mark.pure
OLD, NEW = "10.192.0.2:8000", "10.192.0.3:8000"
Files = Mapping[str, Any]


class Clock:
    """Every look at it takes a tenth of a second."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        self.seconds += 0.1
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class SlowFolder(HostFolder):
    """A proxy that reaches the moved task from some moment on."""

    def __init__(self, host: str, clock: Clock, reaches_at: float) -> None:
        self.host, self._clock, self._reaches_at = host, clock, reaches_at

    def read(self) -> Files:
        return {}

    def write(self, files: Files) -> None: ...

    def remove(self, names: Iterable[str]) -> None: ...

    def routes_version(self, name: str) -> str | None:
        return None

    def admin_state(self) -> AdminState:
        rule, reaches = rule_of(recorded(OLD, NEW)), self._clock.seconds >= self._reaches_at
        upstreams = (Upstream(rule.cluster, OLD, True, 0), Upstream(rule.cluster, NEW, reaches, 0))
        return AdminState(upstreams, frozenset((rule.cluster,)))


class Hosts:
    def at_once(self, job: Callable[[Any], Any], items: Collection[Any]) -> list[Any]:
        return [job(item) for item in items]


class Kept:
    """The annotations that were put."""

    def __init__(self) -> None:
        self.records: list[Mapping[str, Any]] = []

    def put(self, _stack: str, _labels: Mapping[str, str], record: Mapping[str, Any]) -> None:
        self.records.append(record)


class Routes(SwarmRoutes):
    def __init__(self, folders: Sequence[HostFolder]) -> None:
        self.kept = Kept()
        super().__init__(Hosts(), self.kept)  # type: ignore[arg-type]  # fakes
        self._folders = folders

    def routes_of(self, stack: str) -> dict[Key, Annotation]:
        record = labels_of(route(OLD), 1, {}) | {RECORD_LABEL: dumps(recorded(OLD))}
        return {("route/web", 1): Annotation(record)}

    def folders(self, stack: str, *, settled: bool) -> Sequence[HostFolder]:
        return self._folders


def route(*endpoints: str) -> Resource:
    settings: dict[str, Setting] = {
        "service": "web", "host": "*", "path": "/", "public": True, "health": "/healthz", "endpoints": list(endpoints),
    }  # fmt: skip
    return Resource("shop", "route/web", "route", settings, mutable=tuple(settings))


def recorded(*endpoints: str) -> dict[str, Any]:
    return after_change(labels.record_of(route(*endpoints), 1, {}), None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(config_push, "time", clock)
    return clock


def test_a_moved_task_is_waited_for_until_the_engines_have_compared_their_addresses(clock: Clock) -> None:
    slow = SlowFolder("b", clock, SYNC_SECONDS + 5)
    table = Routes([SlowFolder("a", clock, 0), slow])
    table.change(route(OLD, NEW), 1)
    assert table.kept.records[-1]["settings"]["endpoints"] == [OLD, NEW]


def test_the_host_whose_proxy_does_not_reach_it_is_named(clock: Clock) -> None:
    table = Routes([SlowFolder("a", clock, 0), SlowFolder("b", clock, 10_000)])
    with pytest.raises(ProviderError, match=rf"^b: the proxy did not see {NEW} answer at /healthz within 60 s"):
        table.change(route(OLD, NEW), 1)
