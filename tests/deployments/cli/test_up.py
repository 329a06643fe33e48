"""`tenfold up` and `tenfold down`: which runs they submit, and when they submit none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.cli.following import submit
from deployments.cli.following.submit import RunRequest
from deployments.cli.installation import Installation
from deployments.cli.terminal import questions
from tests.deployments.cli.cli import Cli


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch, file: Path, provisioned: Callable[[], object]) -> list[RunRequest]:
    """The runs that would be submitted, from a folder with a stack.yaml."""
    file.rename(file.with_name("stack.yaml"))
    file.symlink_to("stack.yaml")
    requests: list[RunRequest] = []

    def carry_out(installation: Installation, request: RunRequest) -> None:
        requests.append(request)
        if request.verb == "provision" and installation.ledger.stacks.find("shop") is None:
            provisioned()

    monkeypatch.setattr(submit, "carry_out", carry_out)
    return requests


def test_up_shows_the_plan_with_its_price_and_builds(cli: Cli, submitted: list[RunRequest]) -> None:
    out = cli.text("up", "--yes")
    assert "replica/web-0" in out
    assert "$22.50 a month today" in out
    assert [(request.verb, request.stacks) for request in submitted] == [("provision", ("shop",))]


@pytest.mark.parametrize(("answer", "runs"), [("y", 1), ("yes", 1), ("Y", 1), ("", 0), ("n", 0), ("shop", 0)])
def test_up_asks(
    cli: Cli, submitted: list[RunRequest], monkeypatch: pytest.MonkeyPatch, answer: str, runs: int
) -> None:
    monkeypatch.setattr(questions, "can_ask", lambda: True)
    result = cli("up", typed=f"{answer}\n")
    assert len(submitted) == runs
    assert (result.code, result.err) == ((0, "") if runs else (2, "Nothing was built.\n"))


def test_up_where_nobody_can_be_asked(cli: Cli, submitted: list[RunRequest]) -> None:
    result = cli("up")
    assert (result.code, submitted) == (2, [])
    assert result.err == "Nobody can be asked here, so nothing was built. Say that you mean it: tenfold up --yes\n"


def test_up_asks_nothing_where_nothing_changes(
    cli: Cli, submitted: list[RunRequest], provisioned: Callable[[], object]
) -> None:
    provisioned()
    cli.text("up")
    assert [request.verb for request in submitted] == ["provision"]


def test_down_takes_the_stack_of_this_folder_down_and_keeps_its_data(
    cli: Cli, submitted: list[RunRequest], provisioned: Callable[[], object]
) -> None:
    provisioned()
    cli.text("down")
    (request,) = submitted
    assert (request.verb, request.parameters["delete_data"]) == ("teardown", False)


@pytest.mark.parametrize("verb", ["up", "down"])
def test_no_file_here(cli: Cli, home: Path, verb: str) -> None:
    assert cli(verb).err == "There is no stack.yaml in this folder. Make one of the project here: tenfold init\n"
