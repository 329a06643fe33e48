"""Put, list, label, stop, remove, shut down: each may be repeated."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.supervisor.client import Supervisor
from tasks.supervisor.identity import identify
from tasks.supervisor.process import Probe, Process
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import gone, identity, lines, python, shell, sleeper, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]


def test_runs_what_is_put_and_keeps_it(supervisor: Supervisor) -> None:
    first = supervisor.put(sleeper("b", labels={"stack": "shop", "n": [1]}))
    supervisor.put(sleeper("a"))
    assert first.state == "starting"
    assert first.process.labels == {"stack": "shop", "n": [1]}
    status = until_state(supervisor, "b", "healthy")
    assert (status.reason, status.restarts) == ("runs", 0)
    assert abs(status.since - time.time()) < 60
    assert [status.process.name for status in supervisor.list()] == ["a", "b"]


def test_the_same_process_is_started_once_and_another_of_its_name_refused(supervisor: Supervisor) -> None:
    supervisor.put(sleeper("a"))
    before = until_state(supervisor, "a", "healthy")
    assert supervisor.put(sleeper("a", labels={"later": "1"})) == before
    with pytest.raises(ProviderError, match="a: another process of this name is kept here"):
        supervisor.put(sleeper("a", cwd="/tmp"))


def test_nothing_is_inherited(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(python("a", "import os; print(sorted(os.environ), os.getcwd(), os.listdir('/proc/self/fd'))"))
    wait_until(lambda: lines(folder / "a.log"), "it wrote")
    written = lines(folder / "a.log")[0]
    assert "'PATH'" in written
    assert "LANG'" not in written.replace("LC_", "")
    assert written.endswith("/ ['0', '1', '2', '3']"), "3 is the folder it is listing"


def test_labels_are_replaced_while_it_runs(supervisor: Supervisor) -> None:
    supervisor.put(sleeper("a", labels={"old": "1"}))
    before = until_state(supervisor, "a", "healthy")
    assert supervisor.label("a", {"new": {"x": 1}}) == replace(
        before, process=replace(before.process, labels={"new": {"x": 1}})
    )
    with pytest.raises(ProviderError, match="b: no such process"):
        supervisor.label("b", {})


def test_a_stopped_one_stays_listed_with_its_log_and_is_not_started_again(supervisor: Supervisor) -> None:
    process = shell("a", "echo here; exec sleep 1000")
    supervisor.put(process)
    before = identity(until_state(supervisor, "a", "healthy"))
    supervisor.stop("a")
    supervisor.stop("a")
    supervisor.stop("nobody")
    assert gone(before)
    assert supervisor.put(process).state == "stopped"
    assert supervisor.logs("a", 10) == "here\n"
    assert supervisor.logs("nobody", 10) == ""


def test_what_is_removed_is_gone_with_its_log(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(sleeper("replica/web-0#1"))
    before = identity(until_state(supervisor, "replica/web-0#1", "healthy"))
    supervisor.remove("replica/web-0#1")
    supervisor.remove("replica/web-0#1")
    assert gone(before)
    assert supervisor.get("replica/web-0#1") is None
    assert not list(folder.glob("replica*"))


def test_shutdown_leaves_nothing_but_logs(supervisor: Supervisor, folder: Path) -> None:
    for number in range(5):
        supervisor.put(shell(f"p{number}", "sleep 1000 & echo $!; wait"))
    before = [identity(until_state(supervisor, f"p{number}", "healthy")) for number in range(5)]
    children = [identify(int(supervisor.logs(f"p{number}", 1))) for number in range(5)]
    assert all(children)
    supervisor.shutdown()
    supervisor.shutdown()
    assert all(gone(instance) for instance in before)
    assert all(child and gone(child) for child in children)
    assert Supervisor.find(folder) is None
    assert not Supervisor.was_left(folder)
    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".log") == ["supervisor.lock"]


def test_the_stop_signal_reaches_the_process_alone_and_the_deadline_kills(supervisor: Supervisor) -> None:
    code = "trap 'echo asked' INT; while :; do sleep 0.05; done"
    supervisor.put(shell("a", code, stop_signal="SIGINT", stop_seconds=3))
    before = identity(until_state(supervisor, "a", "healthy"))
    supervisor.stop("a")
    assert gone(before)
    assert supervisor.logs("a", 1) == "asked\n"


def test_children_do_not_outlive_their_process(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(shell("a", "sleep 1000 & echo $!; wait"))
    status = until_state(supervisor, "a", "healthy")
    child = int(lines(folder / "a.log")[0])
    os.kill(identity(status).pid, signal.SIGKILL)
    until_state(supervisor, "a", "healthy", restarts=1)
    wait_until(lambda: identify(child) is None, "the first child is gone")


def test_a_process_runs_as_its_user(supervisor: Supervisor, folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can run a process as another user")
    supervisor.put(shell("a", "id -un; id -G; umask; exec sleep 1000", user="nobody"))
    wait_until(lambda: len(lines(folder / "a.log")) == 3, "it wrote")
    assert lines(folder / "a.log")[0] == "nobody"
    assert len(lines(folder / "a.log")[1].split()) == 1
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "supervisor.sock").stat().st_mode & 0o777 == 0o600
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize(
    ("process", "message"),
    [
        (Process("", ("true",)), "cannot be a process's name"),
        (Process("a", ()), "a: a command is empty"),
        (Process("a", ("true",), prepare=((),)), "a: a command is empty"),
        (Process("a", ("true",), stop_signal="SIGNOT"), "a: there is no signal SIGNOT"),
        (Process("a", ("true",), cwd="here"), "a: its cwd must be an absolute path, not here"),
        (Process("a", ("true",), log="here"), "a: its log must be an absolute path, not here"),
        (Process("a", ("true",), user="nobody-at-all"), "a: this machine has no user nobody-at-all"),
    ],
)
def test_what_can_never_run_is_refused(supervisor: Supervisor, process: Process, message: str) -> None:
    with pytest.raises(ProviderError, match=message):
        supervisor.put(process)
    assert supervisor.list() == ()


def test_two_processes_cannot_share_a_log(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(sleeper("a"))
    with pytest.raises(ProviderError, match="b: another process already writes to"):
        supervisor.put(sleeper("b", log=str(folder / "a.log")))


def test_a_large_environment_passes(supervisor: Supervisor) -> None:
    process = sleeper(
        "a", env={"PATH": "/bin:/usr/bin", "LARGE": "x" * 100_000}, probe=Probe("command", command=("true",))
    )
    supervisor.put(process)
    assert until_state(supervisor, "a", "healthy").process.env == process.env
