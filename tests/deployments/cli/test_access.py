"""`tenfold run`, `exec` and `open`, from the words typed to the exit code."""

from collections.abc import Callable

import pytest

from deployments.cli.following import command_output
from deployments.cli.following.prefect_api import FlowRun, LogLine
from deployments.cli.terminal import browser
from deployments.cli.verbs.exec import instance_called
from deployments.server.control_plane import ControlPlane
from infra_specs.errors import PlanError
from infra_specs.resources.instance import Health, Instance
from tests.deployments.cli.cli import Cli
from tests.deployments.cli.fakes import FakeApi, flow_run

Provision = Callable[[], object]


class Server(FakeApi):
    """Remembers the submitted run, and has the exit code of its command."""

    code: str | None = "0"

    def submit(self, flow: str, parameters: dict[str, object]) -> FlowRun:
        self.submitted = (flow, parameters)
        return flow_run("SCHEDULED")

    def artifact(self, id: str, key: str) -> str | None:
        assert (id, key) == ("f-1", "exit-code")
        return self.code

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, provisioned: Provision) -> Server:
    provisioned()
    server, plane = Server([flow_run("RUNNING"), flow_run("COMPLETED")]), ControlPlane(4200, "healthy", "healthy")
    monkeypatch.setattr(command_output, "logged_in", lambda plane: server)
    monkeypatch.setattr(command_output, "running_control_plane", lambda to: plane)
    return server


def line(number: int, message: str, logger: str = command_output.OUTPUT_LOGGER) -> LogLine:
    return LogLine(f"l-{number}", f"2026-11-22T10:00:{number:02}", 20, logger, message)


def test_only_the_output_of_the_command_is_printed(cli: Cli, server: Server) -> None:
    server.lines = [line(1, "Plan: 1 to create", "prefect.flow_runs"), line(2, "one\ntwo"), line(3, "three")]
    result = cli("run", "shop", "web", "--", "python", "manage.py", "import", "--all", "a b")
    assert (result.code, result.out, result.err) == (0, "one\ntwo\nthree\n", "")
    command = "python manage.py import --all 'a b'"
    assert server.submitted == ("run", {"stack": "shop", "service": "web", "command": command, "wait": False})


def test_it_ends_with_the_commands_exit_code(cli: Cli, server: Server) -> None:
    server.states, server.code = [flow_run("FAILED", "false: exited with 3")], "3"
    assert cli("run", "--wait", "shop", "web", "false").code == 3
    assert server.submitted[1]["wait"] is True


def test_what_the_run_warns_of_is_told_beside_the_output(cli: Cli, server: Server) -> None:
    server.states, server.code = [flow_run("FAILED", "ls: exited with 1")], "1"
    warning = LogLine("l-2", "2026-11-22T10:00:02", 30, "prefect.flow_runs", "It ran without its ENTRYPOINT.")
    server.lines = [line(1, "no such file"), warning]
    result = cli("run", "shop", "web", "ls")
    assert (result.code, result.out, result.err) == (1, "no such file\n", "It ran without its ENTRYPOINT.\n")


def test_a_command_that_never_ran_says_why(cli: Cli, server: Server) -> None:
    server.states, server.code = [flow_run("FAILED", "shop has no service `wob`. It has: web.")], None
    result = cli("run", "shop", "wob", "--", "date")
    assert (result.code, result.out) == (1, "")
    assert "run failed\n  shop has no service `wob`. It has: web.\n" in result.err


@pytest.mark.parametrize("words", [("run", "shop", "web"), ("exec", "shop", "web-0")])
def test_an_option_where_the_command_stands_is_not_run(cli: Cli, server: Server, words: tuple[str, ...]) -> None:
    result = cli(*words, "--entrypoint", "image", "--", "ls")
    told = "--entrypoint is no program. Options come before the stack, the command after `--`.\n"
    assert (result.code, result.err) == (2, told)


def test_detached_it_says_where_to_look(cli: Cli, server: Server) -> None:
    result = cli("run", "-d", "shop", "web", "--", "date")
    assert (result.code, result.out) == (0, "")
    assert "http://127.0.0.1:4200/v2/runs/flow-run/f-1" in result.err


def test_a_pretended_target_can_run_nothing(cli: Cli, provisioned: Provision) -> None:
    provisioned()
    result = cli("exec", "shop", "web-0", "--", "sh")
    assert (result.code, result.err) == (2, "Nothing runs on the target memory, so nothing can run beside it.\n")


def test_open_prints_where_it_answers_and_opens_that(
    cli: Cli, provisioned: Provision, monkeypatch: pytest.MonkeyPatch
) -> None:
    provisioned()
    opened: list[str] = []
    monkeypatch.setattr(browser.webbrowser, "open", opened.append)
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    url = "http://shop.route.web.invalid"
    assert cli.text("open", "shop") == f"{url}\n"
    assert opened == []
    monkeypatch.setenv("DISPLAY", ":0")
    assert cli.text("open", "shop", "web") == f"{url}\n"
    assert opened == [url]
    result = cli("open", "shop", "api")
    assert (result.code, result.err) == (2, "shop has no service `api` that answers. It has: web.\n")


@pytest.mark.pure
class TestInstanceCalled:
    instances = [
        Instance("shop", address, address.partition("/")[0], "f", number, Health(state, "", 0.0))  # type: ignore[arg-type]
        for address, number, state in [
            ("database/main", 1, "healthy"), ("replica/web-0", 1, "healthy"), ("replica/web-0", 2, "failed"),
            ("replica/web-1", 1, "failed"), ("replica/web-1", 2, "starting"), ("volume/web-2", 1, "healthy"),
        ]
    ]  # fmt: skip

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("web-0", "replica/web-0"), ("replica/web-0#2", "replica/web-0#2"), ("web-1", "replica/web-1#2"),
            ("database/main", "database/main"), ("main", "database/main"),
        ],
    )  # fmt: skip
    def test_the_newest_that_is_well_is_meant(self, name: str, expected: str) -> None:
        assert str(instance_called(name, self.instances)) == expected

    def test_an_unknown_name_lists_the_instances(self) -> None:
        with pytest.raises(PlanError, match=r"is called `web-2`\. There is: database/main, replica/"):
            instance_called("web-2", self.instances)

    def test_a_name_of_two_is_asked_about(self) -> None:
        job = Instance("shop", "job/run-12", "job", "f", 1, Health("healthy", "", 0.0))
        replica = Instance("shop", "replica/run-12", "replica", "f", 1, Health("healthy", "", 0.0))
        with pytest.raises(PlanError, match=r"`run-12` is the name of several: job/run-12, replica/run-12\."):
            instance_called("run-12", (job, replica))
        assert instance_called("job/run-12", (job, replica)) is job
