"""A target that does not answer is a fault of its stack, unless the stack is torn down."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deployments.cli.installation import Installation
from infra_specs.plan.plan import Plan
from infra_specs.scaling.measurement import Measurement
from tasks.base.clock import now
from tasks.ledger import Check, CheckResult, Owner
from tests.deployments.cli.cli import Cli

pytestmark = [pytest.mark.local, pytest.mark.proof]


@pytest.fixture(params=["gone", "hung"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an engine that does not exist, and of one that never answers."""
    path = tmp_path / "engine.sock"
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        if request.param == "hung":
            listening.bind(str(path))
            listening.listen(100)
        yield f"unix://{path}"


@pytest.fixture
def lost(installation: Installation, engine: str) -> str:
    """A stack on that engine that needs more replicas than it is designed for."""
    spec = {"name": "lost", "target": {"provider": "docker", "host": engine}, "users": {"monthly": 200_000},
            "services": {"web": {"image": "shop:1", "port": 80, "capacity": 4}}}  # fmt: skip
    lease = installation.ledger.locks.acquire("lost", Owner.here("provision"), 60)
    installation.ledger.stacks.set_desired(lease, "lost", spec, "/srv")
    installation.ledger.locks.release(lease)
    return "lost"


def torn_down(installation: Installation, stack: str) -> None:
    lease = installation.ledger.locks.acquire(stack, Owner.here("teardown"), 60)
    installation.ledger.stacks.mark_torn_down(lease)
    installation.ledger.locks.release(lease)


def test_advise_names_it_and_shows_its_growth(
    cli: Cli, installation: Installation, lost: str, provisioned: Callable[[], Plan]
) -> None:
    provisioned()
    result = cli("advise")
    assert result.code == 1
    assert result.err.startswith("lost: ")
    assert len(result.err.splitlines()) == 1
    assert result.out == "shop: nothing presses, and nothing is idle\n"
    lease = installation.ledger.checks.acquire(Owner.here("autoscale"), 600)
    window = Measurement(now(), 15, in_flight=65)
    installation.ledger.checks.record(lease, Check(window.at, 0.1, 1, ""), [CheckResult(lost, "web", window)])
    result = cli("advise")
    assert result.code == 1
    assert "\nlost\n  !  web needs " in f"\n{result.out}"
    assert result.err.startswith("lost: ")


def test_torn_down_its_silence_is_no_fault(
    cli: Cli, installation: Installation, lost: str, provisioned: Callable[[], Plan]
) -> None:
    provisioned()
    torn_down(installation, lost)
    for words in (("status",), ("status", lost)):
        result = cli(*words)
        assert (result.code, result.err) == (0, "")
        assert "lost on docker: torn down " in result.out
        assert "its target does not answer" in result.out
    silent = {stack["name"]: stack["silent"] for stack in cli.json("status")["stacks"]}
    assert silent["shop"] is None
    assert silent[lost]


def test_wanted_its_silence_is_one(cli: Cli, lost: str, provisioned: Callable[[], Plan]) -> None:
    provisioned()
    result = cli("status")
    assert result.code == 1
    assert result.err.startswith("lost: ")
