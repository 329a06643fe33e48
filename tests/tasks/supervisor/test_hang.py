"""When a silent process hangs, and when it only waits."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tasks.supervisor.family import descendants
from tasks.supervisor.hang import Progress, hangs, progress_of, whole_progress_of
from tasks.supervisor.identity import is_stopped
from tests.support.strangers import running
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
        (3, 30.0, Progress("R", 100.0, 20.0), False),
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
        "is ready, and got no processor for so long that nothing is counted yet",
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
    with running(["sh", "-c", "while :; do :; done"]) as process:
        yield process.pid


@pytest.mark.local
def test_what_the_kernel_says(busy: int) -> None:
    before = progress_of(busy)
    wait_until(lambda: progress_of(busy).ran > before.ran, "it has run")
    assert not is_stopped(busy)
    os.kill(busy, signal.SIGSTOP)
    wait_until(lambda: is_stopped(busy), "it is stopped")
    assert progress_of(busy).state == "T"


@pytest.fixture
def all_processors_busy() -> Iterator[None]:
    spinners = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2 * (os.cpu_count() or 1))]
    yield
    for spinner in spinners:
        spinner.kill()
        spinner.wait()


@pytest.mark.local
@pytest.mark.usefixtures("all_processors_busy")
def test_on_a_busy_machine_only_what_is_stopped_or_wants_nothing_hangs() -> None:
    """The one that works has the least right to a processor: it is seen to wait, however little it gets."""
    commands = {
        "works": "exec nice -n 19 sh -c 'while :; do :; done'",
        "waits for its child": "nice -n 19 sh -c 'while :; do :; done'; true",
        "wants nothing": "exec sleep 1000",
    }
    processes = {name: subprocess.Popen(["sh", "-c", command]) for name, command in commands.items()}
    processes["is stopped"] = subprocess.Popen(["sh", "-c", "while :; do :; done"])
    os.kill(processes["is stopped"].pid, signal.SIGSTOP)
    time.sleep(1)  # each has become what it is by then
    began, before = time.monotonic(), {name: progress_of(process.pid) for name, process in processes.items()}
    time.sleep(2)
    seconds = time.monotonic() - began
    found = {
        name for name, process in processes.items()
        if hangs(3, seconds, seconds / 2, before[name], whole_progress_of(process.pid))
    }  # fmt: skip
    for process in processes.values():
        for pid in (*descendants(process.pid), process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()
    assert found == {"wants nothing", "is stopped"}


@pytest.mark.local
def test_of_a_process_that_is_gone_nothing_is_known() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert progress_of(process.pid) == Progress()
