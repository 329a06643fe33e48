"""A healthy stack beside one on a hung engine and one with a frozen supervisor."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from deployments.cli.installation import Installation
from infra_specs.plan.plan import Plan
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.autoscaling.check import check
from tasks.autoscaling.measure import measure
from tasks.ledger import Owner
from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Process
from tests.deployments.cli.cli import Cli

pytestmark = [pytest.mark.local, pytest.mark.proof]


def want(installation: Installation, stack: Stack) -> None:
    lease = installation.ledger.locks.acquire(stack.name, Owner.here("provision"), 60)
    installation.ledger.stacks.set_desired(lease, stack.name, stack.model_dump(mode="json", by_alias=True), "/srv")
    installation.ledger.locks.release(lease)


@pytest.fixture
def hung_engine(installation: Installation, tmp_path: Path) -> Iterator[None]:
    """A stack on an engine that accepts connections and never answers."""
    path = tmp_path / "hung.sock"
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(path))
        listening.listen(100)
        services = {"web": {"image": "shop:1", "port": 80}}
        want(installation, from_data({"name": "hung", "target": {"provider": "docker", "host": f"unix://{path}"},
                               "services": services}))  # fmt: skip
        yield


@pytest.fixture
def frozen_supervisor(installation: Installation, home: Path) -> Iterator[None]:
    """A stack on this machine whose supervisor was stopped by a signal."""
    folder = home / "stacks" / "frozen" / "supervisor"
    folder.parent.mkdir(parents=True)
    supervisor = Supervisor.start(folder)
    supervisor.put(Process("p", ("sleep", "1000"), log=str(folder / "p.log")))
    pid = supervisor.pid()
    services = {"web": {"command": "sleep 1000", "port": 80}}
    want(installation, from_data({"name": "frozen", "target": {"provider": "local"}, "services": services}))
    os.kill(pid, signal.SIGSTOP)
    yield
    with suppress(ProcessLookupError):  # its guardian has put another in its place by then
        os.kill(pid, signal.SIGCONT)
    supervisor.shutdown()


@pytest.mark.usefixtures("hung_engine", "frozen_supervisor")
def test_status_shows_the_healthy_one_and_names_the_others(cli: Cli, provisioned: Callable[[], Plan]) -> None:
    provisioned()
    result = cli("status")
    assert result.code == 1
    assert "shop on memory: 8 of 8 healthy" in result.out
    assert result.err.splitlines() == ["frozen: no answer within 8 s.", "hung: no answer within 8 s."]
    assert cli("status", "shop").code == 0


@pytest.mark.usefixtures("hung_engine", "frozen_supervisor")
def test_advise_and_the_check_go_on_without_them(
    cli: Cli, installation: Installation, provisioned: Callable[[], Plan]
) -> None:
    provisioned()
    result = cli("advise")
    assert "shop: nothing presses" in result.out
    lease = installation.ledger.checks.acquire(Owner.here("autoscale"), 600)
    outcome = check(installation.ledger, lease, measure, interval=15.0)
    assert "hung" in {fault.stack for fault in outcome.faults}
    assert installation.ledger.decisions.recent("shop", "web", 1)
    last = installation.ledger.checks.last()
    assert last is not None
    assert last.services == 3
