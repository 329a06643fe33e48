"""A supervisor of an earlier version makes way for ours, wherever it is installed and whatever became of that."""

import os
import shutil
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra_specs.errors import TransientError
from tasks.supervisor.client import Supervisor
from tasks.supervisor.folder import LOG
from tasks.supervisor.identity import guardian_of, identify, parent_of
from tests.support.strangers import running
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import (
    ROOT,
    gone,
    identity,
    lines,
    python,
    shell,
    sleeper,
    start_of,
    unpack_earlier,
    until_state,
)

pytestmark = [
    pytest.mark.proof,
    pytest.mark.local,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system has no /proc"),
]


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    return unpack_earlier(tmp_path / "earlier")


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("installation", ["is there", "was deleted", "was deleted and its guardian killed"])
def test_an_earlier_one_is_replaced_and_what_it_keeps_runs_on(
    earlier: Path, folder: Path, port: int, installation: str
) -> None:
    old = start_of(earlier, folder)
    assert not old.is_current()
    old.put(sleeper("kept"))
    old.put(sleeper("stopped"))
    old.stop("stopped")
    before = until_state(old, "kept", "healthy")
    first = old.pid()
    guardian = parent_of(first)
    if installation != "is there":
        shutil.rmtree(earlier)
    if "guardian" in installation:
        os.kill(guardian, signal.SIGKILL)
        wait_until(lambda: parent_of(first) != guardian, "its guardian is gone")
    supervisor = old.renewed()
    assert supervisor.is_current()
    assert _script(supervisor.pid()) == str(ROOT / "tasks" / "supervisor" / "__main__.py")
    assert identity(until_state(supervisor, "kept", "healthy")) == identity(before)
    assert until_state(supervisor, "stopped", "stopped").pid is None
    listens = python("listens", "import os, time; os.fstat(3); time.sleep(1000)", listen=port, hides=("/nowhere",))
    assert supervisor.put(listens).process.hides == ("/nowhere",)
    until_state(supervisor, "listens", "healthy")
    os.kill(identity(before).pid, signal.SIGKILL)
    until_state(supervisor, "kept", "healthy", restarts=1)


def test_many_at_once_may_replace_it(earlier: Path, folder: Path) -> None:
    old = start_of(earlier, folder)
    old.put(sleeper("kept"))
    before = identity(until_state(old, "kept", "healthy"))
    with ThreadPoolExecutor(6) as pool:
        renewed = [pool.submit(old.renewed) for _ in range(6)]
        assert all(each.result(timeout=120).is_current() for each in renewed)
    assert identity(until_state(old, "kept", "healthy")) == before


def test_what_an_earlier_one_let_go_ends_at_the_latest_with_all(earlier: Path, folder: Path, tmp_path: Path) -> None:
    old = start_of(earlier, folder)
    code = "import subprocess, sys; print(subprocess.Popen(['sleep', '1000'], start_new_session=True).pid)"
    old.put(python("kept", f"{code}\nimport time; time.sleep(1000)"))
    wait_until(lambda: lines(folder / "kept.log"), "its helper runs")
    helper = identify(int(lines(folder / "kept.log")[0]))
    assert helper
    os.kill(identity(until_state(old, "kept", "healthy")).pid, signal.SIGKILL)
    wait_until(lambda: parent_of(helper.pid) == parent_of(old.pid()), "its guardian has the helper")
    supervisor = old.renewed()
    assert not gone(helper)
    second = identify(int(lines(folder / "kept.log")[1]))
    supervisor.remove("kept")
    rest = supervisor.rest()
    supervisor.shutdown()
    assert rest.end() == []
    assert gone(helper)
    assert second is None or gone(second)


def _script(supervisor: int) -> str:
    return Path(f"/proc/{supervisor}/cmdline").read_text().split("\0")[3]


def test_an_earlier_one_stays_until_what_runs_once_has_ended(earlier: Path, folder: Path) -> None:
    old = start_of(earlier, folder)
    old.put(shell("job", "while [ ! -e end ]; do sleep 0.02; done", cwd=str(folder), once=True))
    wait_until(lambda: (s := old.get("job")) and s.pid, "the job runs")
    first = old.pid()
    with pytest.raises(TransientError, match="is replaced once job has ended"):
        old.renewed()
    assert old.pid() == first
    (folder / "end").touch()
    until_state(old, "job", "healthy")
    assert until_state(old.renewed(), "job", "healthy").code == 0


def test_one_of_this_version_stays(supervisor: Supervisor) -> None:
    before = supervisor.pid()
    assert supervisor.renewed().pid() == before


def test_a_parent_that_is_no_guardian_is_none(supervisor: Supervisor) -> None:
    assert guardian_of(supervisor.pid()) == parent_of(supervisor.pid())
    with running(["sleep", "1000"]) as child:
        assert guardian_of(child.pid) is None


def test_without_its_program_a_supervisor_goes_on_alone(tmp_path: Path, folder: Path) -> None:
    installation = tmp_path / "installed"
    for package in ("tasks", "infra_specs"):
        shutil.copytree(ROOT / package, installation / package)
    supervisor = start_of(installation, folder)
    first = supervisor.pid()
    supervisor.put(sleeper("a"))
    before = identity(until_state(supervisor, "a", "healthy"))
    shutil.rmtree(installation)
    os.kill(parent_of(first), signal.SIGKILL)

    def told() -> list[str]:
        return [line for line in lines(folder / LOG) if "goes on without one" in line]

    wait_until(told, "it says that it has no guardian")
    supervisor.put(python("b", "import os, time; print(sorted(os.listdir('/proc/self/fd'))); time.sleep(1000)"))
    wait_until(lambda: lines(folder / "b.log"), "it wrote its descriptors")
    assert lines(folder / "b.log") == ["['0', '1', '2', '3']"], "3 is the folder that it lists"
    os.kill(before.pid, signal.SIGKILL)
    until_state(supervisor, "a", "healthy", restarts=1)
    assert supervisor.pid() == first
    assert len(told()) == 1
    assert "Traceback" not in (folder / LOG).read_text()
    after = identity(until_state(supervisor, "a", "healthy"))
    os.kill(first, signal.SIGTERM)
    wait_until(lambda: Supervisor.find(folder) is None, "it obeys a request to end")
    assert gone(after)
