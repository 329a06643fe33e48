"""When a silent process hangs, and when it only waits."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tasks.supervisor.hang import Progress, hangs, is_stopped, progress_of
from tests.support.waiting import wait_until

BEFORE = Progress("S", ran=100.0, waited=20.0)
IDLE = Progress("S", ran=100.1, waited=20.0)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("probes", "silence", "now", "expected"),
    [
        (2, 100.0, Progress("T", 100.0, 20.0), False),
        (3, 9.9, Progress("T", 100.0, 20.0), False),
        (3, 10.0, Progress("T", 100.0, 20.0), True),
        (3, 10.0, Progress("T", 109.0, 20.0), True),
        (3, 10.0, IDLE, True),
        (3, 9.0, IDLE, False),
        (3, 10.0, Progress("S", 101.0, 20.0), False),
        (3, 10.0, Progress("S", 100.0, 25.0), False),
        (3, 10.0, Progress("R", 104.0, 25.0), False),
        (9, 59.0, Progress("R", 150.0, 25.0), False),
        (9, 60.0, Progress("R", 150.0, 25.0), True),
        (3, 30.0, Progress("D", 100.0, 20.0), False),
        (9, 60.0, Progress("D", 100.0, 20.0), True),
        (3, 30.0, Progress(), False),
        (9, 60.0, Progress(), True),
        (99, 1000.0, Progress("t", 100.0, 20.0), False),
    ],
    ids=[
        "two probes are no proof",
        "stopped, too early",
        "stopped",
        "stopped after it had worked",
        "waits for ever",
        "waits, too early",
        "works a little",
        "waits for a processor",
        "works",
        "works, for 59 s",
        "works, for 60 s",
        "waits for a disk",
        "waits for a disk, for 60 s",
        "nobody can tell",
        "nobody can tell, for 60 s",
        "a debugger holds it",
    ],
)
def test_a_silent_process(probes: int, silence: float, now: Progress, expected: bool) -> None:
    assert hangs(probes, silence, 10.0, BEFORE, now) is expected


@pytest.fixture
def busy() -> Iterator[int]:
    with subprocess.Popen(["sh", "-c", "while :; do :; done"]) as process:
        yield process.pid
        process.kill()


@pytest.mark.local
def test_what_the_kernel_says(busy: int) -> None:
    before = progress_of(busy)
    wait_until(lambda: progress_of(busy).ran > before.ran, "it has run")
    assert not is_stopped(busy)
    os.kill(busy, signal.SIGSTOP)
    wait_until(lambda: is_stopped(busy), "it is stopped")
    assert progress_of(busy).state == "T"


@pytest.mark.local
def test_of_a_process_that_is_gone_nothing_is_known() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert progress_of(process.pid) == Progress()
