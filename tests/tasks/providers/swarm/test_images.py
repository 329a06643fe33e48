"""Images that are brought to hosts: not to one whose processor cannot run them."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from docker.errors import ImageNotFound

from infra_specs.errors import ProviderError
from tasks.providers.swarm.images import FleetImages
from tasks.providers.swarm.managers import Member

pytestmark = pytest.mark.pure
ID = "sha256:1"


class Engine:
    """With an image or without, until one is brought."""

    def __init__(self, machine: str, has_it: bool) -> None:
        self._machine, self.has_it = machine, has_it
        self.names: list[str] = []

    def info(self) -> dict[str, str]:
        return {"Architecture": self._machine}

    def inspect_image(self, name: str) -> dict[str, str]:
        if not self.has_it or (name.startswith("tenfold-held:") and name not in self.names):
            raise ImageNotFound(name)
        return {"Id": ID, "Architecture": "amd64"}

    def get_image(self, id: str) -> Iterable[bytes]:
        return [b"layers"]

    def load_image(self, content: Iterable[bytes]) -> Iterable[dict[str, str]]:
        assert list(content)
        self.has_it = True
        return []

    def tag(self, id: str, repository: str, tag: str) -> None:
        self.names.append(f"{repository}:{tag}")


class Hosts:
    def __init__(self, **engines: Engine) -> None:
        self.engines = engines

    def ready(self) -> tuple[Member, ...]:
        return tuple(Member(host, f"node-{host}", "10.0.0.1", True) for host in self.engines)

    def engine(self, host: str) -> Engine:
        return self.engines[host]

    transfer_engine = engine

    def at_once(self, job: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return [job(item) for item in items]


def test_every_host_has_it() -> None:
    hosts = Hosts(a=Engine("x86_64", True), b=Engine("x86_64", False))
    assert FleetImages(hosts).everywhere("shop:1") == ID  # type: ignore[arg-type]  # fakes
    assert hosts.engines["b"].has_it
    assert [engine.names for engine in hosts.engines.values()] == [[], ["tenfold-held:1"]], "the streamed one is ours"


@pytest.mark.parametrize("has_it", [True, False])
def test_a_host_with_another_processor_is_named_and_gets_nothing(has_it: bool) -> None:
    hosts = Hosts(a=Engine("x86_64", True), b=Engine("aarch64", has_it), c=Engine("x86_64", False))
    with pytest.raises(ProviderError, match=r"^shop:1 is built for amd64, and b \(aarch64\) has another processor"):
        FleetImages(hosts).everywhere("shop:1")  # type: ignore[arg-type]  # fakes
    assert not hosts.engines["c"].has_it
