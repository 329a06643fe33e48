"""All that an owned process started ends with it: what detached itself, what adopts nothing, whatever was killed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tasks.supervisor.client import Supervisor
from tasks.supervisor.identity import parent_of
from tasks.supervisor.mark import mark_of, marked
from tasks.supervisor.owner import NAME as OWNER
from tasks.supervisor.process import Process, Status
from tests.support.accounts import Account, account
from tests.support.nested import starter
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import ROOT, gone, identity, lines, parent, python, shell, sleeper, until_state

pytestmark = [
    pytest.mark.local,
    pytest.mark.proof,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux says whose orphan a process is"),
]

SESSION = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)"
TWICE = """
import os, sys
if not os.fork():
    os.setsid()
    if not os.fork():
        os.execvp(sys.argv[1], sys.argv[1:])
    os._exit(0)
"""
WITHOUT_MARK = SESSION.replace("start_new", "env={}, start_new")
REST = "\nimport time; time.sleep(1000)"


@pytest.fixture
def pids(tmp_path: Path) -> Iterator[Path]:
    """The file in which helpers write their pids. None of them outlives the test."""
    path = tmp_path / "pids"
    yield path
    for pid in map(int, lines(path)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _starter(name: str, code: str, pids: Path) -> Process:
    helper = ("/bin/sh", "-c", 'echo $$ >> "$0"; exec /bin/sleep 1000', str(pids))
    return python(name, code + REST, *helper, owned=True)


def _helpers(pids: Path, count: int = 1) -> list[int]:
    wait_until(lambda: len(lines(pids)) >= count, "the helper runs")
    return [int(line) for line in lines(pids)]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _owner_of(status: Status) -> int:
    owner = parent_of(identity(status).pid)
    assert Path(f"/proc/{owner}/comm").read_text().strip() == OWNER
    return owner


@pytest.mark.parametrize("code", [SESSION, TWICE, WITHOUT_MARK], ids=["a session", "forked twice", "without the mark"])
@pytest.mark.parametrize("how", ["removed", "stopped", "killed", "shut down"])
def test_what_detached_itself_ends_with_it(supervisor: Supervisor, pids: Path, code: str, how: str) -> None:
    supervisor.put(_starter("a", code, pids))
    status = until_state(supervisor, "a", "healthy")
    (helper,) = _helpers(pids)
    match how:
        case "removed":
            supervisor.remove("a")
        case "stopped":
            supervisor.stop("a")
        case "shut down":
            supervisor.shutdown()
        case _:
            os.kill(identity(status).pid, signal.SIGKILL)
            until_state(supervisor, "a", "healthy", restarts=1)
            assert _helpers(pids, 2)[1] != helper
            assert _lives(_helpers(pids, 2)[1])
    assert not _lives(helper)


def test_its_exit_code_is_told(supervisor: Supervisor) -> None:
    supervisor.put(shell("job", "exit 7", owned=True, once=True))
    assert until_state(supervisor, "job", "failed").code == 7
    supervisor.put(shell("killed", "kill -9 $$", owned=True, once=True))
    assert until_state(supervisor, "killed", "failed").code == 137


SEEN_LATE = """
import asyncio, os, time
from pathlib import Path
from tasks.supervisor import spawn
from tasks.supervisor.launcher import Launcher
from tasks.supervisor.process import Process
answer = spawn._Start.answer
def late(start, identity):
    answer(start, identity)
    while Path(f"/proc/{identity.pid}").exists():
        time.sleep(0.01)
spawn._Start.answer = late
async def main():
    process = Process("a", ("/bin/sh", "-c", "exit 7"), log=os.devnull)
    running = spawn.spawn_owned(process, process.argv, lambda identity, owner: None, launcher, "mark:a")
    print(await running.ended)
launcher = Launcher()
asyncio.run(main())
"""


def test_the_exit_code_of_one_that_ended_before_anybody_looked() -> None:
    ran = subprocess.run([sys.executable, "-c", SEEN_LATE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stdout == "7\n", ran.stderr


def test_orphans_are_reaped_while_it_runs(supervisor: Supervisor, pids: Path) -> None:
    supervisor.put(_starter("a", TWICE, pids))
    status = until_state(supervisor, "a", "healthy")
    (helper,) = _helpers(pids)
    assert parent(helper) == _owner_of(status)
    os.kill(helper, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{helper}").exists(), "it was reaped")
    assert supervisor.get("a") == status


@pytest.mark.parametrize("code", [SESSION, TWICE], ids=["a session", "forked twice"])
def test_an_owner_that_was_killed(supervisor: Supervisor, pids: Path, code: str) -> None:
    supervisor.put(_starter("a", code, pids))
    status = until_state(supervisor, "a", "healthy")
    (helper,) = _helpers(pids)
    os.kill(_owner_of(status), signal.SIGKILL)
    assert supervisor.get("a") == status, "it runs on"
    supervisor.remove("a")
    assert not _lives(helper)
    assert gone(identity(status)) if status.pid and _lives(status.pid) else True


def test_an_owner_that_was_frozen(supervisor: Supervisor, pids: Path) -> None:
    supervisor.put(_starter("a", SESSION, pids))
    owner = _owner_of(until_state(supervisor, "a", "healthy"))
    (helper,) = _helpers(pids)
    os.kill(owner, signal.SIGSTOP)
    supervisor.remove("a")
    assert not _lives(helper)
    assert not _lives(owner)


@pytest.mark.parametrize("killed", ["supervisor", "guardian", "both", "all", "launcher"])
def test_whoever_was_killed_the_next_ends_it(supervisor: Supervisor, folder: Path, pids: Path, killed: str) -> None:
    supervisor.put(_starter("a", TWICE, pids))
    status = until_state(supervisor, "a", "healthy")
    owner = _owner_of(status)
    (helper,) = _helpers(pids)
    own = supervisor.pid()
    doomed = {
        "supervisor": [own],
        "guardian": [parent(own)],
        "both": [parent(own), own],
        "all": [parent(own), own, owner],
        "launcher": [parent_of(owner)],
    }[killed]
    for pid in doomed:
        os.kill(pid, signal.SIGSTOP)
    for pid in doomed:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(_lives, doomed)), "they are gone")
    supervisor = Supervisor.start(folder)
    assert supervisor.get("a") == status
    supervisor.put(sleeper("b", owned=True))
    _owner_of(until_state(supervisor, "b", "healthy"))
    supervisor.shutdown()
    assert not _lives(helper)
    assert not _lives(owner)


def test_the_program_was_killed_with_all_others(supervisor: Supervisor, folder: Path, pids: Path) -> None:
    supervisor.put(_starter("a", TWICE, pids))
    status = until_state(supervisor, "a", "healthy")
    own, owner, (helper,) = supervisor.pid(), _owner_of(status), _helpers(pids)
    doomed = [parent(own), own, owner, identity(status).pid]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in doomed:
            os.kill(pid, number)
    wait_until(lambda: not any(map(_lives, doomed)), "they are gone")
    assert _lives(helper)
    again = until_state(Supervisor.start(folder), "a", "healthy", restarts=1)
    assert again.pid != status.pid
    assert not _lives(helper)


def test_a_supervisor_that_it_started_runs_on(supervisor: Supervisor, folder: Path) -> None:
    inner = folder.with_name("inner")
    supervisor.put(starter("outer", inner, owned=True))
    wait_until(lambda: Supervisor.was_left(inner), "the inner one was started")
    try:
        before = until_state(Supervisor(inner), "a", "healthy")
        supervisor.shutdown()
        assert Supervisor(inner).get("a") == before
    finally:
        Supervisor.start(inner).shutdown()


def test_the_supervisors_lock_is_not_kept_by_what_it_forked(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(sleeper("a", owned=True))
    owner = _owner_of(until_state(supervisor, "a", "healthy"))
    for pid in (owner, parent_of(owner)):
        names = [path.readlink().name for path in Path(f"/proc/{pid}/fd").iterdir()]
        assert not [name for name in names if name == "supervisor.lock"]


def test_no_other_process_has_the_mark(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(sleeper("a", owned=True))
    supervisor.put(sleeper("b", owned=True))
    first, second = (identity(until_state(supervisor, name, "healthy")).pid for name in "ab")
    assert marked(mark_of(folder, "a")) == [first]
    assert sorted(marked(mark_of(folder, ""))) == sorted([first, second])
    assert not marked(mark_of(folder.parent, ""))


def test_what_no_owner_has_is_found_before_the_end(supervisor: Supervisor, pids: Path) -> None:
    supervisor.put(_starter("a", WITHOUT_MARK, pids))
    owner = _owner_of(until_state(supervisor, "a", "healthy"))
    (helper,) = _helpers(pids)
    os.kill(owner, signal.SIGKILL)
    wait_until(lambda: not _lives(owner), "its owner is gone")
    supervisor.remove("a")
    assert _lives(helper), "nothing tells whose it is"
    rest = supervisor.rest()
    supervisor.shutdown()
    assert rest.end() == []
    assert not _lives(helper)


AS_AN_ACCOUNT = """
import os, signal, subprocess, sys, time
from pathlib import Path
from tasks.supervisor.client import Supervisor
from tasks.supervisor.identity import identify, parent_of
from tasks.supervisor.process import Process
folder, killed = Path(sys.argv[1]), sys.argv[2] == "killed"
code = "import subprocess, time; p = subprocess.Popen(['sleep', '1000'], start_new_session=True);"
code += "open('pid.tmp', 'w').write(str(p.pid)); import os; os.rename('pid.tmp', 'pid'); time.sleep(1000)"
supervisor = Supervisor.start(folder / "kept")
supervisor.put(Process("a", (sys.executable, "-c", code), {"PATH": os.environ["PATH"]}, str(folder), owned=True))
while not (folder / "pid").exists():
    time.sleep(0.02)
helper = identify(int((folder / "pid").read_text()))
if killed:
    os.kill(parent_of(supervisor.get("a").pid), signal.SIGKILL)
supervisor.shutdown()
print("lives" if identify(helper.pid) == helper else "gone")
"""


@pytest.mark.parametrize("owner", ["lives", "killed"])
def test_without_root(owner: str) -> None:
    with account() as other, tempfile.TemporaryDirectory() as folder:
        shutil.chown(folder, other.name)
        environment = ["env", f"PYTHONPATH={ROOT}"]
        interpreter = _interpreter_for(other, environment)
        ran = other.run([*environment, interpreter, "-c", AS_AN_ACCOUNT, folder, owner])
        assert ran.stdout == "gone\n", ran.stderr


def _interpreter_for(other: Account, environment: list[str]) -> str:
    """A Python of our version that another account can run our code with. Skips where there is none."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    installed = shutil.which(version, path="/usr/local/bin:/usr/bin:/bin")
    candidates = [*([installed] if installed else []), str(Path(sys.executable).resolve())]
    for candidate in candidates:
        tried = other.run([*environment, candidate, "-c", "import tasks.supervisor.client"])
        if tried.returncode == 0:
            return candidate
    pytest.skip(f"another account cannot run our Python here: {tried.stderr.strip().splitlines()[-1]}")
