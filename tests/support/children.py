"""Runs of our flows in child processes that a test may kill, forked so that each does not import everything again."""

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import Flow

from tests.support.points import Points


@dataclass(frozen=True)
class Ended:
    """How a child ended: the state of its flow run (None if it was killed), and the points it passed."""

    state: str | None
    message: str
    points: list[str]


@dataclass(frozen=True)
class Child:
    """One run under way. `wait` for it once, or it stays a zombie."""

    pid: int
    pipe: int

    def until_stopped(self) -> None:
        """Until it has stopped itself at its point. Fails if it ended instead."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "it never came to its point"

    def stopped(self) -> bool:
        """Whether it stands still now."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """However it is, and at once; for the end of a test that went wrong."""
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def wait(self) -> Ended:
        with os.fdopen(self.pipe) as pipe:
            lines = pipe.read().splitlines()
        os.waitpid(self.pid, 0)
        end = json.loads(lines[-1]) if lines else {"state": None, "message": "", "points": []}
        return Ended(**end)


def start(
    flow: Flow[..., Any], parameters: dict[str, Any], *, at: int = 0, by: int = signal.SIGKILL,
    only: Callable[[str], bool] = lambda _: True,
) -> Child:  # fmt: skip
    """Run a flow in a child; at the given point it sends itself a signal."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Child(pid, reading)
    os.close(reading)
    try:
        end = _run(flow, parameters, Points(at, by, only))
        os.write(writing, (json.dumps(end) + "\n").encode())
    except BaseException:  # a child that does not end here would go on with the tests
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(0)


def run(flow: Flow[..., Any], parameters: dict[str, Any], **kwargs: Any) -> Ended:
    return start(flow, parameters, **kwargs).wait()


def _run(flow: Flow[..., Any], parameters: dict[str, Any], points: Points) -> dict[str, Any]:
    points.install()
    state = asyncio.run(flow(**parameters, return_state=True))
    return {"state": state.type.value, "message": state.message or "", "points": points.passed}
