"""`tenfold history`."""

from collections.abc import Callable
from pathlib import Path

from deployments.cli.installation import Installation
from tasks.ledger import Owner
from tests.deployments.cli.cli import Cli

Provision = Callable[[], object]


def test_runs_the_newest_first(cli: Cli, provisioned: Provision, installation: Installation) -> None:
    provisioned()
    lease = installation.ledger.locks.acquire("shop", Owner.here("scale"), 60)
    run = installation.ledger.runs.begin(lease, "scale", "web: 3 to 4 replicas, by hand", {"waves": []})
    installation.ledger.runs.finish(lease, run, "failed", "it broke\nin two lines")
    newest, oldest = [line.split() for line in cli.text("history").splitlines()]
    assert newest[:4] == ["2", "shop", "scale", "failed"]
    assert " ".join(newest).endswith("web: 3 to 4 replicas, by hand: it broke")
    assert oldest[:4] == ["1", "shop", "provision", "done"]
    assert cli.text("history", "shop", "-n", "1").split()[0] == "2"
    assert [run["id"] for run in cli.json("history")["runs"]] == ["2", "1"]


def test_with_changes(cli: Cli, provisioned: Provision) -> None:
    provisioned()
    _, first, *_ = cli.text("history", "--changes").splitlines()
    assert " ".join(first.split()) == "done 0.25s + volume/database (missing)"


def test_one_run_says_everything_of_it(cli: Cli, provisioned: Provision) -> None:
    provisioned()
    lines = cli.text("history", "--run", "1").splitlines()
    assert lines[0] == "provision shop: asked for"
    assert lines[1].split() == ["state", "done"]
    assert lines[2].split()[:2] == ["by", "provision"]
    assert "flow run run-1" in lines[2]
    assert lines[-1] == "  8 to create, 0 unchanged"


def test_an_unknown_stack_or_run_is_refused(cli: Cli, home: Path) -> None:
    unknown = "No stack is called `shop`. Known: none yet. Give its file to `tenfold provision` first.\n"
    assert cli.text("history") == "No run yet.\n"
    assert cli("history", "shop").err == unknown
    assert cli("history", "--run", "7").err == "The ledger knows no run 7. `tenfold history` lists them.\n"
