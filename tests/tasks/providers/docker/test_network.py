"""A stack's network, beside others that are made at the same moment."""

from collections.abc import Callable, Iterator
from secrets import token_hex

import pytest
from docker import DockerClient
from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from tasks.providers.docker import DockerProvider
from tests.tasks.providers.docker.docker_world import left, stack

pytestmark = [pytest.mark.docker, pytest.mark.proof]
Take = Callable[[int], None]


@pytest.fixture
def quick(provider: DockerProvider, engine: DockerClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Take]:
    """Somebody who takes the range that was found just before it is ours, so many times."""
    networks, remove, taken = provider._networks, provider._api.remove_network, []

    def take(times: int) -> None:
        def removed_and_taken(name: str) -> None:
            ranges = engine.networks.list(names=[name])
            remove(name)
            if name.endswith(".range") and len(taken) < times:
                pool = IPAMPool(ranges[0].attrs["IPAM"]["Config"][0]["Subnet"])
                given = engine.networks.create(f"tenfold-test-{token_hex(4)}", ipam=IPAMConfig(pool_configs=[pool]))
                taken.append(given)

        monkeypatch.setattr(networks._api, "remove_network", removed_and_taken)

    yield take
    for each in taken:
        each.remove()


def test_a_range_that_another_was_quicker_to_take_is_left_to_them(
    provider: DockerProvider, engine: DockerClient, quick: Take
) -> None:
    quick(2)
    provider._networks.need(stack)
    assert left(engine) == ["tenfold.shop"]


def test_it_does_not_go_on_for_ever(provider: DockerProvider, engine: DockerClient, quick: Take) -> None:
    quick(1000)
    with pytest.raises(APIError, match=r"overlap|already in use"):
        provider._networks.need(stack)
    assert left(engine) == []
