"""A port that another program has: one that somebody named is refused, one of our choice gives way to another."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from docker.errors import APIError

from infra_specs.errors import ProviderError
from tasks.providers.docker.containers.container import Container, DesiredContainer
from tasks.providers.docker.containers.start import Starter

pytestmark = pytest.mark.pure
BIND = "driver failed: Bind for 0.0.0.0:{}:10.0.0.2:8080/tcp failed: port is already allocated"


class OnePortTaken(Starter):
    """Makes proxies on port 8080, which somebody named, and on a kept one, until that is forgotten."""

    def __init__(self, taken: int) -> None:
        self.taken, self.kept, self.forgotten = taken, 25_000, 0
        networks = SimpleNamespace(need=lambda _: SimpleNamespace(name="net"), take=lambda _: "10.0.0.2")
        api = SimpleNamespace(remove_container=lambda *_, **__: None, start=self._bind)
        super().__init__(cast("Any", api), cast("Any", None), cast("Any", networks), {"proxy": self._desired})

    def _desired(self, _resource: Any, _address: str) -> DesiredContainer:
        return DesiredContainer(Container("envoy", ()), taken=self._forget, fixed_ports=(8080,))

    def _forget(self) -> None:
        self.kept, self.forgotten = self.kept + 1, self.forgotten + 1

    def _bind(self, _id: str) -> None:
        for port in (8080, self.kept):
            if port == self.taken:
                raise APIError("", cast("Any", SimpleNamespace(status_code=500)), BIND.format(port))

    def _image(self, _resource: Any) -> str:
        return "envoy"

    def _make(self, *_: Any) -> str:
        return "c0"


PROXY = cast("Any", SimpleNamespace(stack="shop", kind="proxy", address="proxy.main", settings={}))


def test_a_kept_port_that_was_taken_gives_way_beside_a_named_one() -> None:
    starter = OnePortTaken(25_000)
    assert starter.start(PROXY, 1) == "c0"
    assert starter.forgotten == 1


def test_a_named_port_that_was_taken_is_refused_and_the_kept_one_stays() -> None:
    starter = OnePortTaken(8080)
    with pytest.raises(ProviderError, match=r"0\.0\.0\.0:8080.*Choose other ports in the target"):
        starter.start(PROXY, 1)
    assert starter.forgotten == 0
