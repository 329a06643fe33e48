"""Runs as forks of the template: what a new Python for each run gave is still so."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

import deployments.server.forked_runs
from deployments.server.forked_runs import ForkedProcess, Template
from infra_specs.errors import ServerError
from tasks.supervisor.family import state_of
from tests.support.waiting import wait_until

pytestmark = pytest.mark.local
linux = pytest.mark.skipif(sys.platform != "linux", reason="runs have a process group of their own on Linux alone")
TEMPLATE = """
import socket, sys
from deployments.server import run_template
run_template.LOADED_LATE, run_template.ENGINE = (), "engine"
run_template.be_template(socket.socket(fileno=int(sys.argv[1])))
"""
ENGINE = """
import os, subprocess, sys, threading, time
run = os.environ["RUN"]
match run:
    case "broken":
        raise RuntimeError
    case "three":
        sys.exit(3)
    case "waits":
        time.sleep(600)
    case "parent":
        children = [subprocess.Popen(["sleep", "600"], start_new_session=apart).pid for apart in (False, True)]
        with open("children", "w") as file:
            print(*children, file=file)
        time.sleep(600)
    case "late":
        threading.Thread(target=lambda: (time.sleep(0.2), open("late", "w").close())).start()
    case _:
        tasks, files = len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))
        with open(run, "w") as file:
            file.write(f"{os.environ['KEPT']} {tasks} {files} {sys.argv[1:]}")
"""


@asynccontextmanager
async def template(folder: Path) -> AsyncIterator[tuple[Template, "subprocess.Popen[bytes]"]]:
    """A template whose runs do what ENGINE says, in this folder."""
    (folder / "engine.py").write_text(ENGINE)
    ours, theirs = socket.socketpair()
    environment = {**os.environ, "PYTHONPATH": f"{Path.cwd()}:{folder}", "KEPT": "kept"}
    command = [sys.executable, "-c", TEMPLATE, str(theirs.fileno())]
    with theirs:
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=folder, env=environment)
    try:
        async with Template(ours) as asked:
            yield asked, process
    finally:
        process.wait()


async def code_of(asked: Template, run: str) -> int | None:
    process = await asked.fork(run, {"RUN": run})
    await process.ended.wait()
    return process.returncode


async def test_a_run_has_the_environment_one_thread_and_nothing_of_the_template(tmp_path: Path) -> None:
    async with template(tmp_path) as (asked, _):
        assert await code_of(asked, "plain") == 0
    # Its standard streams, and the descriptor that lists the folder.
    assert (tmp_path / "plain").read_text() == "kept 1 4 []"


async def test_the_end_of_a_run_is_told_by_its_exit_code(tmp_path: Path) -> None:
    async with template(tmp_path) as (asked, _):
        assert await code_of(asked, "three") == 3
        assert await code_of(asked, "broken") == 1
        killed = await asked.fork("waits", {"RUN": "waits"})
        assert killed.returncode is None
        os.kill(killed.pid, signal.SIGKILL)
        await killed.ended.wait()
        assert killed.returncode == -signal.SIGKILL


async def test_a_run_ends_as_a_program_does_after_its_threads(tmp_path: Path) -> None:
    async with template(tmp_path) as (asked, _):
        assert await code_of(asked, "late") == 0
    assert (tmp_path / "late").exists()


async def test_sixteen_runs_at_once(tmp_path: Path) -> None:
    async with template(tmp_path) as (asked, _):
        runs: list[ForkedProcess] = await asyncio.gather(
            *(asked.fork(f"waits-{number}", {"RUN": "waits"}) for number in range(16))
        )
        assert len({run.pid for run in runs}) == 16
        for run in runs:
            os.kill(run.pid, signal.SIGTERM)
        await asyncio.gather(*(run.ended.wait() for run in runs))
        assert {run.returncode for run in runs} == {-signal.SIGTERM}


async def test_the_template_ends_with_who_asks_it(tmp_path: Path) -> None:
    async with template(tmp_path) as (asked, process):
        run = await asked.fork("waits", {"RUN": "waits"})
    assert process.returncode == 0
    await asyncio.to_thread(wait_until, lambda: not is_alive(run.pid), "the run has ended, too")


@linux
@pytest.mark.parametrize("end", ["cancelled", "killed", "the template is killed", "nobody asks any more"])
async def test_what_a_run_started_ends_with_it_but_for_a_session_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """A supervisor that a run starts has a session of its own."""
    monkeypatch.setattr(os, "_exit", lambda _: None)  # the template's end is this process's
    async with template(tmp_path) as (asked, process):
        run = await asked.fork("parent", {"RUN": "parent"})
        own, apart = await asyncio.to_thread(wait_until, lambda: children(tmp_path), "it has children")
        try:
            match end:
                case "cancelled":
                    os.kill(run.pid, signal.SIGTERM)
                case "killed":
                    os.kill(run.pid, signal.SIGKILL)
                case "the template is killed":
                    process.kill()
                case _:
                    asked._writer.close()
            await asyncio.to_thread(wait_until, lambda: not is_alive(run.pid), "the run has ended")
            if end != "the template is killed":  # then nobody is left who could end the run's own
                await asyncio.to_thread(wait_until, lambda: not is_alive(own), "its child has ended")
            assert is_alive(apart)
        finally:
            for pid in (own, apart):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def children(folder: Path) -> list[int]:
    """The two that the run `parent` started, once they are known."""
    file = folder / "children"
    text = file.read_text() if file.exists() else ""
    return [int(pid) for pid in text.split()] if text.endswith("\n") else []


def is_alive(pid: int) -> bool:
    """Whether it runs: a zombie, which nobody reaps here, does not."""
    return state_of(pid) not in ("", "Z")


async def test_the_serving_process_ends_with_its_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(os, "_exit", ended.set_result)
    async with template(tmp_path) as (_, process):
        process.kill()
        assert await ended == 1


async def test_a_machine_without_room_for_a_process_says_so() -> None:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_unix_connection(sock=theirs)
    async with Template(ours) as asked:
        forking = asyncio.create_task(asked.fork("r", {}))
        await reader.readline()
        writer.write(b'{"run": "r", "fault": "no process can be started: Resource temporarily unavailable"}\n')
        with pytest.raises(ServerError, match="Resource temporarily unavailable"):
            await forking
        writer.close()
        asked._listening.cancel()


class Ended(Exception):
    """In place of the end of this process."""


def end(code: int) -> None:
    raise Ended(code)


async def test_the_serving_process_ends_when_its_template_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deployments.server.forked_runs, "FORK_SECONDS", 0.1)
    monkeypatch.setattr(os, "_exit", end)
    ours, theirs = socket.socketpair()
    with theirs:
        async with Template(ours) as asked:
            with pytest.raises(Ended):
                await asyncio.wait_for(asked.fork("r", {}), 60)
    assert "does not answer within 0.1 s, and this one ends with it" in caplog.text


async def test_the_serving_process_ends_when_its_template_is_not_understood(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "_exit", end)
    ours, theirs = socket.socketpair()
    with theirs:
        async with Template(ours) as asked:
            theirs.sendall(b'{"pid": 7, "code": 0}\n')  # of a process that was never forked
            with pytest.raises(Ended):
                await asked._listening
    assert "cannot be heard, and this one ends with it" in caplog.text
