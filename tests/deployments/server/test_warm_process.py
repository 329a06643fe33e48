"""The process of the scheduled runs is replaced when it ends or hangs, and nothing else goes with it."""

import asyncio
import json
import multiprocessing
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

import deployments.server.warm_process
from deployments.server.forked_runs import ForkedProcess
from deployments.server.warm_process import WarmProcess
from deployments.server.warm_runs import BEGUN, ENDED
from tasks.supervisor.folder import short

pytestmark = pytest.mark.local
forked = multiprocessing.get_context("fork")


class Forks:
    """Forks a process that does what a test wants of it."""

    def __init__(self) -> None:
        self.work: Callable[[socket.socket], None] = obeys
        self.joining: list[asyncio.Task[None]] = []
        self.pids: list[int] = []

    async def fork(self, path: Path) -> ForkedProcess:
        process = forked.Process(target=connected, args=(self.work, path))
        process.start()
        assert process.pid
        self.pids.append(process.pid)
        made = ForkedProcess(process.pid)

        async def join() -> None:
            await asyncio.to_thread(process.join)
            made.returncode = process.exitcode
            made.ended.set()

        self.joining.append(asyncio.create_task(join()))
        return made


def connected(work: Callable[[socket.socket], None], path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as asked, short(path) as name:
        asked.connect(name)
        work(asked)


def obeys(asked: socket.socket) -> None:
    """Does as the names of the runs say."""
    with asked.makefile("r") as received, asked.makefile("w") as lines:  # a file for both forgets lines at a write
        for line in received:
            run = json.loads(json.loads(line)[1])
            lines.write(json.dumps([BEGUN, run["id"]]) + "\n")
            lines.flush()
            if run["name"] == "die":
                os._exit(1)
            if run["name"] == "hang":
                time.sleep(600)
            lines.write(json.dumps([ENDED, run["id"]]) + "\n")
            lines.flush()


def says_nothing(_: socket.socket) -> None:
    time.sleep(600)


@pytest.fixture
def forks() -> Forks:
    return Forks()


@pytest.fixture
async def warm(forks: Forks, tmp_path: Path) -> AsyncIterator[WarmProcess]:
    process = WarmProcess(forks.fork, tmp_path / "warm.sock")
    yield process
    await process.close()
    await asyncio.gather(*forks.joining)
    assert multiprocessing.active_children() == []


def a_run(name: str) -> FlowRun:
    return FlowRun(id=uuid4(), flow_id=uuid4(), name=name)


async def test_one_process_does_all_runs(warm: WarmProcess, forks: Forks, caplog: pytest.LogCaptureFixture) -> None:
    await asyncio.gather(warm.run("autoscale", a_run("end")), warm.run("reconcile", a_run("end")))
    await warm.run("autoscale", a_run("end"))
    assert len(forks.pids) == 1
    assert caplog.records == []


@pytest.mark.parametrize(("name", "fault"), [("die", "ended"), ("hang", "hangs")])
async def test_after_one_that_ends_or_hangs_there_is_another(
    warm: WarmProcess, forks: Forks, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str,
    fault: str,
) -> None:  # fmt: skip
    if name == "hang":
        monkeypatch.setattr(deployments.server.warm_process, "LONGEST_SECONDS", 1.0)
    await warm.run("autoscale", a_run(name))
    assert f"The process of the scheduled runs {fault} during a run of autoscale" in caplog.text
    await warm.run("autoscale", a_run("end"))
    assert len(forks.pids) == 2


async def test_one_that_does_not_begin_hangs(
    warm: WarmProcess, forks: Forks, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    forks.work = says_nothing
    monkeypatch.setattr(deployments.server.warm_process, "BEGIN_SECONDS", 2.0)
    await warm.run("reconcile", a_run("anything"))
    assert "hangs during a run of reconcile" in caplog.text


async def test_after_it_was_closed_no_process_is_forked(warm: WarmProcess, forks: Forks) -> None:
    await warm.run("autoscale", a_run("end"))
    await warm.close()
    await warm.run("autoscale", a_run("end"))
    assert len(forks.pids) == 1
