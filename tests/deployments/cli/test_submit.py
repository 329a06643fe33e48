"""The verbs that change a stack, from the words typed to the exit code, against a fake server."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deployments.cli.following import submit as submitting
from deployments.cli.following.prefect_api import FlowRun
from deployments.server.control_plane import ControlPlane
from tests.deployments.cli.cli import Cli
from tests.deployments.cli.fakes import FakeApi, flow_run

Provision = Callable[[], object]
PAGE = "http://127.0.0.1:4200/v2/runs/flow-run/f-1"


@dataclass
class Server(FakeApi):
    """Remembers the submitted runs. `begins` is called when a run is submitted."""

    states: list[FlowRun] = field(default_factory=lambda: [flow_run("COMPLETED", "8 to create, 0 unchanged")])
    submitted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    begins: Callable[[], object] = lambda: None

    def submit(self, flow: str, parameters: dict[str, Any]) -> FlowRun:
        self.submitted.append((flow, parameters))
        self.begins()
        return flow_run("SCHEDULED")

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server, plane = Server(), ControlPlane(4200, "healthy", "healthy")
    monkeypatch.setattr(submitting, "logged_in", lambda plane: server)
    monkeypatch.setattr(submitting.control_plane, "status", lambda: plane)
    monkeypatch.setattr(submitting.control_plane, "ensure", lambda: plane)
    return server


def test_provision_of_a_file_passes_what_it_says_and_its_folder(cli: Cli, file: Path, server: Server) -> None:
    output = cli.text("provision", "shop.yaml", "--wait")
    ((flow, parameters),) = server.submitted
    assert flow == "provision"
    assert parameters == {
        "spec": {
            "name": "shop",
            "target": {"provider": "memory", "price_per_replica": 7.5},
            "services": {"web": {"command": ["run"], "port": 8000, "capacity": 4.0, "env": {"THEME": "plain"}}},
            "needs": {"database": {"engine": "postgres"}, "cache": {"engine": "valkey"}},
            "users": {"monthly": 200_000},
            "budget": 100.0,
        },
        "source": str(file.parent),
        "wait": True,
    }
    assert "web: 7.407 in flight / (4 x 0.7)       = 3 replicas today" in output
    assert "$22.50 a month today, $202.50 at the design capacity, budget $100" in output
    assert "✓ provision: 8 to create, 0 unchanged (" in output
    assert PAGE in output


def test_before_a_provision_it_is_said_what_of_the_file_does_nothing(cli: Cli, file: Path, server: Server) -> None:
    file.write_text(file.read_text().replace("THEME: plain}", "THEME: plain}, scaling: {queue: 9}"))
    assert "  services.web.scaling.queue does nothing, for nothing measures it." in cli.text("provision", "shop.yaml")


def test_links_are_shown_at_the_end(cli: Cli, file: Path, server: Server, provisioned: Provision) -> None:
    server.begins = provisioned
    assert "  web   http://shop.route.web.invalid\n" in cli.text("provision", "shop.yaml")


def test_a_failed_run_says_why_and_exits_with_1(cli: Cli, file: Path, server: Server) -> None:
    server.states = [flow_run(), flow_run("FAILED", "replica/web-0 of shop exited with 3.\nMend it.")]
    result = cli("provision", "shop.yaml")
    assert result.code == 1
    assert result.err == f"provision failed\n  replica/web-0 of shop exited with 3.\n  Mend it.\n  page  {PAGE}\n"


def test_a_crashed_run_says_that_it_can_be_gone_on_with(cli: Cli, file: Path, server: Server) -> None:
    server.states = [flow_run("CRASHED", "Its process is gone.")]
    result = cli("provision", "shop.yaml")
    assert result.code == 1
    assert result.err == (
        "provision crashed\n  Its process is gone.\n"
        f"  What was finished stands: give the same command again, and it goes on from there.\n  page  {PAGE}\n"
    )


def test_detached_it_is_not_followed(cli: Cli, file: Path, server: Server) -> None:
    server.states = [flow_run()]
    output = cli.text("provision", "shop.yaml", "--detach")
    assert output.endswith(
        f"provision is submitted. See how it goes:\n  command  tenfold history shop\n  page     {PAGE}\n"
    )


def test_ctrl_c_stops_following_and_not_the_run(
    cli: Cli, file: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(submitting, "follow", interrupted)
    result = cli("provision", "shop.yaml")
    assert result.code == 130
    assert (
        "Not followed any more; the provision goes on. Come back to it:\n  command  tenfold history shop" in result.out
    )
    assert PAGE in result.out


@pytest.mark.parametrize(
    ("right", "wrong"), [("budget: 100", "budget: 1"), ("port: 8000", "prt: 8000"), ("THEME: plain", "K: {secret: k}")]
)
def test_a_refused_provision_starts_nothing(cli: Cli, file: Path, server: Server, right: str, wrong: str) -> None:
    file.write_text(file.read_text().replace(right, wrong))
    assert cli("provision", "shop.yaml").code == 2
    assert server.submitted == []


def test_a_stack_that_is_known_is_provisioned_by_its_name(cli: Cli, server: Server, provisioned: Provision) -> None:
    provisioned()
    cli.text("provision", "shop")
    cli.text("scale", "shop", "web", "5")
    cli.text("reconcile", "shop")
    cli.text("reconcile")
    cli.text("teardown", "shop")
    assert server.submitted == [
        ("provision", {"stack": "shop", "wait": False}),
        ("scale", {"stack": "shop", "service": "web", "replicas": 5, "wait": False}),
        ("reconcile", {"stack": "shop"}),
        ("reconcile", {"stack": ""}),
        ("teardown", {"stack": "shop", "delete_data": False, "no_backup": False, "wait": False}),
    ]


def test_an_unknown_stack_starts_nothing(cli: Cli, server: Server) -> None:
    for words in (("scale", "shop", "web", "5"), ("teardown", "shop"), ("reconcile", "shop"), ("provision", "shop")):
        assert cli(*words).code == 2
    assert server.submitted == []


def test_data_is_deleted_only_when_that_is_meant(cli: Cli, server: Server, provisioned: Provision) -> None:
    provisioned()
    result = cli("teardown", "shop", "--delete-data")
    assert (result.code, result.err) == (
        2,
        "This deletes the data of shop for ever: volume/database. Say that you mean it: tenfold teardown shop "
        "--delete-data --yes\n",
    )
    assert server.submitted == []
    cli.text("teardown", "shop", "--delete-data", "--yes")
    assert server.submitted == [("teardown", {"stack": "shop", "delete_data": True, "no_backup": False, "wait": False})]


def test_at_a_terminal_the_name_is_typed(
    cli: Cli, server: Server, provisioned: Provision, monkeypatch: pytest.MonkeyPatch
) -> None:
    provisioned()
    monkeypatch.setattr("deployments.cli.terminal.questions.can_ask", lambda: True)
    assert cli("teardown", "shop", "--delete-data", typed="shpo\n").err == "Nothing was deleted: that is not shop.\n"
    assert server.submitted == []
    cli.text("teardown", "shop", "--delete-data", typed="shop\n")
    assert len(server.submitted) == 1
