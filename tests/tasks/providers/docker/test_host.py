"""A queue's writes are asked of the container itself, and of nobody who has its address elsewhere."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tasks.providers.docker import host
from tasks.providers.docker.host import DockerHost
from tasks.providers.docker.labels import STACK_LABEL

pytestmark = pytest.mark.pure
CACHE = {
    "Id": "c0",
    "Config": {"Labels": {STACK_LABEL: "shop", "tenfold.address": "cache/main", "tenfold.incarnation": "1"}},
    "State": {"Running": True},
    "NetworkSettings": {"Networks": {"tenfold.shop": {"IPAddress": "10.0.0.2"}}},
}


@pytest.mark.parametrize(
    ("network", "writes"),
    [
        (SimpleNamespace(name="tenfold.shop", is_near=True), 7),
        (SimpleNamespace(name="tenfold.shop", is_near=False), None),
        (None, None),
    ],
)
def test_only_a_near_queue_is_asked(monkeypatch: pytest.MonkeyPatch, network: Any, writes: int | None) -> None:
    monkeypatch.setattr(host, "written_to_queues", lambda address, _port: 7 if address == "10.0.0.2" else 0)
    api = SimpleNamespace(stats=lambda *_, **__: {})
    networks = SimpleNamespace(find=lambda _: network)
    observer = SimpleNamespace(containers=lambda _: [CACHE])
    (usage,) = DockerHost(cast("Any", api), cast("Any", networks), cast("Any", observer)).uses("shop").values()
    assert usage.queue_writes == writes
