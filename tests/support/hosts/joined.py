"""The hosts of a bench as members of one Swarm, by the fleet's own code; and images that one of them has."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from docker import DockerClient

from infra_specs.fleet.membership import membership_steps
from tasks.providers.hosts.engines import FleetEngines
from tasks.providers.hosts.members import look_at_fleet
from tasks.providers.hosts.swarm_steps import carry_out, label_members
from tasks.ssh.connections import Connections
from tasks.ssh.engine import SshEngine, open_client
from tests.support.hosts.bench import HostBench

FLEET = "bench"


@contextmanager
def joined(bench: HostBench) -> Iterator[Path]:
    """All hosts of the bench in one Swarm; gives a home that knows their keys. They are as before at the end."""
    with tempfile.TemporaryDirectory(prefix="tenfold-joined-") as name:
        home = Path(name)
        with bench.connections(home):
            pass  # their keys are stored
        bench.restart_engines()
        join(bench, home)
        try:
            yield home
        finally:
            bench.clean()


def join(bench: HostBench, home: Path) -> None:
    """Take all steps until every host is a member. So already: nothing is done."""
    with closing(Connections(bench.hosts, bench.key, home)) as connections:
        engines = FleetEngines(connections)
        state = look_at_fleet(FLEET, engines)
        label_members(state, engines)
        for step in membership_steps(state.members):
            carry_out(step, FLEET, state, engines)
        engines.close()


def load_images(client: DockerClient, bench: HostBench, home: Path, tags: Iterable[str]) -> None:
    """Put images of this machine's engine onto the first host alone, under their names."""
    first = bench.hosts[0]
    with closing(Connections(bench.hosts, bench.key, home)) as connections:
        engine = open_client(SshEngine, connections.to(first), 300.0)
        for tag in tags:
            for line in engine.load_image(client.api.get_image(tag)):
                assert "error" not in line, line
        engine.close()
