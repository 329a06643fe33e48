"""A host that stands still: it costs its time limit once, and holds up nobody else."""

import pytest

from tasks.providers.swarm import SwarmProvider
from tasks.ssh import handshake
from tests.support.hosts.bench import HostBench
from tests.support.waiting import wait_until
from tests.tasks.providers.contract import resources
from tests.tasks.providers.contract.resources import stack, worker
from tests.tasks.providers.swarm.test_stack import begun

pytestmark = [pytest.mark.docker, pytest.mark.proof]


def test_a_frozen_host_holds_up_nobody(
    provider: SwarmProvider, all_hosts: HostBench, images: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "image", images["tenfold-tiny:1"])
    monkeypatch.setattr(handshake, "CONNECT_SECONDS", 3.0)
    monkeypatch.setattr(handshake, "BEGIN_SECONDS", 5.0)
    copies = begun(provider, [worker(slot) for slot in range(3)])
    frozen = all_hosts.hosts[2]

    def moved() -> bool:
        seen = provider.observe(stack)
        places = [provider.place_of(copy) for copy in copies]
        is_well = [instance.health.state for instance in seen] == ["healthy"] * 3
        return is_well and all(place is not None and place[0] != frozen.name for place in places)

    assert frozen.name in [place[0] for copy in copies if (place := provider.place_of(copy))]
    with all_hosts.frozen(frozen):
        wait_until(moved, "its copy runs on another host")
        assert begun(provider, [worker(3)])[0].health.state == "healthy", "another is made meanwhile"
    host = provider.host
    assert host is not None
    wait_until(lambda: len(host.free_memory()) == 3, "it is back")
    wait_until(lambda: [copy.health.state for copy in provider.observe(stack)] == ["healthy"] * 4, "all are well")
