"""Runs of our flows in child processes that a test may kill: forks of one that has everything loaded."""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from prefect import Flow

from tests.support.fork_server import ForkServer, fork_server
from tests.support.points import Points, everywhere
from tests.support.waiting import wait_until

_servers: list[ForkServer] = []


@dataclass(frozen=True)
class Ended:
    """How a child ended: the state of its flow run (None if it was killed), and the points it passed."""

    state: str | None
    message: str
    points: list[str]


@dataclass(frozen=True)
class Child:
    """One run under way."""

    pid: int
    pipe: int

    def until_stopped(self) -> None:
        """Until it has stopped itself at its point. Fails if it ended instead."""
        wait_until(lambda: self.stopped() or not self._exists(), f"process {self.pid} came to its point")
        assert self.stopped(), "it never came to its point"

    def stopped(self) -> bool:
        """Whether it stands still now."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """However it is, and at once; for the end of a test that went wrong."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._until_gone()

    def wait(self) -> Ended:
        """Its end, once it is no process any more."""
        with os.fdopen(self.pipe) as pipe:
            lines = pipe.read().splitlines()
        self._until_gone()
        end = json.loads(lines[-1]) if lines else {"state": None, "message": "", "points": []}
        return Ended(**end)

    def _until_gone(self) -> None:
        wait_until(lambda: not self._exists(), f"process {self.pid} has ended")

    def _exists(self) -> bool:
        return Path(f"/proc/{self.pid}").exists()


class Trap(Protocol):
    """Something that is put into the child before its run begins, and remembers what the run passed."""

    passed: list[str]

    def install(self) -> None: ...


@dataclass(frozen=True)
class Run:
    """A call of the fork server: one run of a flow, which is named because Prefect's objects cannot be sent."""

    module: str
    name: str
    parameters: Mapping[str, Any]
    trap: Trap = field(repr=False)

    def __call__(self, writing: int) -> None:
        self.trap.install()
        flow = getattr(import_module(self.module), self.name)
        state = asyncio.run(flow(**self.parameters, return_state=True))
        end = {"state": state.type.value, "message": state.message or "", "points": self.trap.passed}
        os.write(writing, (json.dumps(end) + "\n").encode())


@contextmanager
def loaded(env: Mapping[str, str]) -> Iterator[None]:
    """Within it children can be started; `env` is what Prefect and the rest read when they are loaded."""
    with fork_server(env) as server:
        _servers.append(server)
        try:
            yield
        finally:
            _servers.remove(server)


def start(
    flow: Flow[..., Any], parameters: Mapping[str, Any], *, at: int = 0, by: int = signal.SIGKILL,
    only: Callable[[str], bool] = everywhere,
) -> Child:  # fmt: skip
    """Run a flow in a child; at the given point it sends itself a signal."""
    return start_with(Points(at, by, only), flow, parameters)


def start_with(trap: Trap, flow: Flow[..., Any], parameters: Mapping[str, Any]) -> Child:
    """Run a flow in a child with another trap in it."""
    assert _servers, "a child needs the fixture prefect_server"
    return Child(*_servers[-1].fork(Run(flow.fn.__module__, flow.fn.__name__, parameters, trap)))


def run(flow: Flow[..., Any], parameters: Mapping[str, Any], **kwargs: Any) -> Ended:
    return start(flow, parameters, **kwargs).wait()
