"""Whether a run's process lives: its own machine looks for it, and other machines go by its lease."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.base.settings import Settings
from tasks.ledger import Ledger, Owner
from tasks.run.liveness import alive_while

RUN = "0a1b"
STAYS = """
import asyncio, sys
from pathlib import Path
from tasks.base.settings import Settings
from tasks.ledger import Ledger
from tasks.run.liveness import alive_while

async def stay():
    with Ledger.open(Settings(home=Path(sys.argv[1]))) as ledger:
        async with alive_while(ledger, "scale", sys.argv[2]):
            print("alive", flush=True)
            await asyncio.sleep(600)

asyncio.run(stay())
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(Settings(home=tmp_path)) as opened:
        yield opened


def elsewhere() -> Owner:
    return replace(Owner.here("scale"), host="far", boot="another")


def test_a_run_that_never_began_has_no_trace(ledger: Ledger) -> None:
    assert ledger.liveness.alive() == {}


async def test_a_run_is_alive_until_its_end_and_leaves_no_trace(ledger: Ledger) -> None:
    async with alive_while(ledger, "scale", RUN):
        assert ledger.liveness.alive() == {RUN: True}
    assert ledger.liveness.alive() == {}


async def test_a_run_that_fails_leaves_no_trace(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="a bug"):
        async with alive_while(ledger, "scale", RUN):
            raise ValueError("a bug")
    assert ledger.liveness.alive() == {}


def test_a_killed_process_is_dead_until_it_is_forgotten(ledger: Ledger, tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", STAYS, str(tmp_path), RUN], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"alive\n"
        assert ledger.liveness.alive() == {RUN: True}
        os.kill(child.pid, signal.SIGSTOP)
        assert ledger.liveness.alive() == {RUN: True}, "a paused process is not dead"
    finally:
        child.kill()
        child.communicate()
    assert ledger.liveness.alive() == {RUN: False}
    ledger.liveness.forget(RUN)
    ledger.liveness.forget(RUN)
    assert ledger.liveness.alive() == {}


def test_a_run_on_another_machine_is_alive_as_long_as_it_renews_its_lease(ledger: Ledger) -> None:
    ledger.liveness.begin("renewed", elsewhere(), 0.0)
    ledger.liveness.renew("renewed", 600)
    ledger.liveness.begin("silent", elsewhere(), 0.0)
    assert ledger.liveness.alive() == {"renewed": True, "silent": False}


def test_a_late_lease_of_a_process_on_this_machine_means_nothing(ledger: Ledger) -> None:
    ledger.liveness.begin(RUN, Owner.here("scale"), 0.0)
    assert ledger.liveness.alive() == {RUN: True}


def test_a_run_that_starts_again_replaces_its_earlier_process(ledger: Ledger) -> None:
    ledger.liveness.begin(RUN, replace(Owner.here("scale"), started="1"), 600)
    assert ledger.liveness.alive() == {RUN: False}
    ledger.liveness.begin(RUN, Owner.here("scale"), 600)
    assert ledger.liveness.alive() == {RUN: True}


def test_runs_that_nobody_asks_for_are_deleted_after_a_day(ledger: Ledger) -> None:
    ledger.liveness.begin("old", elsewhere(), -86_500.0)
    ledger.liveness.begin("late", elsewhere(), -80_000.0)
    ledger.liveness.begin("new", elsewhere(), 600)
    assert ledger.liveness.alive() == {"late": False, "new": True}
