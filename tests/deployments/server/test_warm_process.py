"""The process of the scheduled runs is replaced when it ends or hangs, and nothing else goes with it."""

import json
import multiprocessing
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

import deployments.server.warm_process
from deployments.server.warm_process import WarmProcess
from deployments.server.warm_runs import BEGUN, ENDED

pytestmark = pytest.mark.local
Serve = Callable[[WarmProcess, Callable[[socket.socket], None]], None]


@pytest.fixture
async def warm(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WarmProcess]:
    monkeypatch.setattr(deployments.server.warm_process, "_forked", multiprocessing.get_context("fork"))
    process = WarmProcess()
    yield process
    await process.close()
    assert multiprocessing.active_children() == []


def a_run(name: str) -> FlowRun:
    return FlowRun(id=uuid4(), flow_id=uuid4(), name=name)


def obeys(asked: socket.socket) -> None:
    """Does as the names of the runs say."""
    with asked.makefile("rw") as lines:
        for line in lines:
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


async def pid_after(warm: WarmProcess, name: str) -> int | None:
    await warm.run("autoscale", a_run(name))
    assert warm._life
    return warm._life._process.pid


async def test_one_process_does_all_runs(
    warm: WarmProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deployments.server.warm_process, "work", obeys)
    assert await pid_after(warm, "end") == await pid_after(warm, "end")
    assert caplog.records == []


@pytest.mark.parametrize(("name", "fault"), [("die", "ended"), ("hang", "hangs")])
async def test_after_one_that_ends_or_hangs_there_is_another(
    warm: WarmProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, fault: str
) -> None:
    monkeypatch.setattr(deployments.server.warm_process, "work", obeys)
    monkeypatch.setattr(deployments.server.warm_process, "LONGEST_SECONDS", 1.0)
    first = await pid_after(warm, name)
    assert f"The process of the scheduled runs {fault} during a run of autoscale" in caplog.text
    assert await pid_after(warm, "end") != first


async def test_one_that_does_not_begin_hangs(
    warm: WarmProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deployments.server.warm_process, "work", says_nothing)
    monkeypatch.setattr(deployments.server.warm_process, "BEGIN_SECONDS", 0.2)
    await warm.run("reconcile", a_run("anything"))
    assert "hangs during a run of reconcile" in caplog.text
