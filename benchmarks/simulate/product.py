"""The product in a simulation: what Prefect, threads, clocks and processes do for it is done here in their place."""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import sqlalchemy as sa
from prefect import Task
from prefect.logging import get_run_logger

import tasks.base.settings
import tasks.ledger.keep_renewed
import tasks.ledger.owner_liveness
from benchmarks.simulate.clock import VirtualClock
from benchmarks.simulate.process import Process, current_process
from benchmarks.simulate.target import Past, SimulatedTarget
from flows.engine.frame import open_ledger
from flows.engine.run_info import is_asked_for
from infra_specs.errors import LedgerError, TransientError
from infra_specs.scaling.measurement import Measurement
from infra_specs.stackfile.models.target import Memory
from tasks.autoscaling.check import PendingDecision
from tasks.autoscaling.measure import measure
from tasks.autoscaling.scale_runs import Started, start
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.base.known_secrets import KnownSecrets, known_secrets
from tasks.base.settings import Settings
from tasks.ledger import Key, Lease, Ledger, Owner
from tasks.ledger.database import Database
from tasks.metrics import ServiceSample
from tasks.providers import open_provider
from tasks.run.retry import FIRST_DELAY, RETRIES, unrecorded
from tasks.run.tags import tag_run

T = TypeVar("T")
_log = logging.getLogger("simulated runs")
_log.addHandler(logging.NullHandler())
_log.propagate = False


class Installation:
    """A ledger and a world below one folder, and the processes at work on them."""

    def __init__(self, config: Settings, clock: VirtualClock) -> None:
        self.config, self.clock = config, clock
        self.ledger = Ledger.open(config)
        self.processes: dict[int, Process] = {}
        self.past = Past(self._holds_lock)
        self.in_flight = 0.0
        """Requests under way in each service."""
        self.decided: list[PendingDecision] = []
        """Decisions of the scaler whose runs have not begun."""

    def target(self, target: Memory) -> SimulatedTarget:
        return SimulatedTarget(self.config.home / "memory", target, self.past)

    def is_alive(self, owner: Owner) -> bool:
        return owner.pid in self.processes and self.processes[owner.pid].alive

    def _holds_lock(self, process: Process, stack: str) -> bool:
        holder = self.ledger.locks.holder(stack)
        return holder is not None and holder.owner.pid == process.number


@contextmanager
def simulated(installation: Installation) -> Iterator[None]:
    """Until the block ends, all code of the product that is imported runs on this installation and its clock."""
    with ExitStack() as undo:
        replaced = _in_place_of_prefect() | _in_place_of_the_machine(installation)
        for module in _modules():
            for name, value in list(vars(module).items()):
                if isinstance(value, Task):
                    _put(undo, module, name, _retried(value.fn))
                elif name.startswith("show_") and asyncio.iscoroutinefunction(value):
                    _put(undo, module, name, _show_nothing)
                elif callable(value) and (other := replaced.get(id(value))):
                    _put(undo, module, name, other)
        _put(undo, asyncio, "to_thread", _at_once)
        _put(undo, time, "time", installation.clock.time)
        _put(undo, time, "monotonic", installation.clock.time)
        _put(undo, Owner, "here", _owner)
        _put(undo, Database, "write", _watched(Database.write))
        for name, value in vars(KnownSecrets()).items():
            _put(undo, known_secrets, name, value)
        yield


def _put(undo: ExitStack, where: Any, name: str, value: Any) -> None:
    undo.callback(setattr, where, name, where.__dict__[name])
    setattr(where, name, value)


def _modules() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if name.startswith(("flows.", "tasks."))]


def _in_place_of_prefect() -> dict[int, Callable[..., Any]]:
    return {
        id(get_run_logger): lambda: _log,
        id(is_asked_for): lambda: False,
        id(tag_run): _show_nothing,
        id(unrecorded): _call,
    }


def _in_place_of_the_machine(installation: Installation) -> dict[int, Callable[..., Any]]:
    @asynccontextmanager
    async def open_shared() -> AsyncIterator[Ledger]:
        yield installation.ledger

    def open_simulated(target: Memory, _home: Path) -> SimulatedTarget:
        return installation.target(target)

    def measured(stacks: Sequence[ScaledStack], _before: object) -> dict[Key, ServiceSample]:
        window = Measurement(installation.clock.now, 15.0, installation.in_flight, installation.in_flight, latency=1.0)
        return {(scaled.stack.name, name): ServiceSample(window, {}) for scaled in stacks for name in scaled.counts}

    async def start_later(decisions: Iterable[PendingDecision]) -> tuple[Started, ...]:
        installation.decided += decisions
        return tuple(Started(pending, "a simulated run") for pending in installation.decided)

    return {
        id(measure): measured,
        id(start): start_later,
        id(open_ledger): open_shared,
        id(open_provider): open_simulated,
        id(tasks.base.settings.settings): lambda: installation.config,
        id(tasks.ledger.owner_liveness.owner_is_alive): installation.is_alive,
        id(tasks.ledger.keep_renewed): _keep_renewed,
    }


async def _call(function: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
    return await function(*args, **kwargs)


def _retried(function: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    """What Prefect does for a task: a TransientError is tried again."""

    @wraps(function)
    async def retried(*args: Any, **kwargs: Any) -> T:
        for attempt in range(RETRIES):
            try:
                return await function(*args, **kwargs)
            except TransientError:
                await asyncio.sleep(FIRST_DELAY * 2**attempt)
        return await function(*args, **kwargs)

    return retried


async def _at_once(function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """In place of a thread."""
    if process := current_process.get():
        await process.begin_call()
    return function(*args, **kwargs)


async def _show_nothing(*_: Any, **__: Any) -> None:
    return None


def _owner(verb: str, flow_run_id: str | None = None) -> Owner:
    process = current_process.get()
    return Owner(verb, "somebody", "here", process.number if process else 0, flow_run_id=flow_run_id)


def _watched(write: Callable[[Database], Any]) -> Callable[[Database], Any]:
    """A point stands before and after each transaction that writes."""

    @contextmanager
    def watched(database: Database) -> Iterator[sa.Connection]:
        process = current_process.get()
        if process:
            process.reach()
        with write(database) as connection:
            yield connection
        if process:
            process.reach()

    return watched


@contextmanager
def _keep_renewed(ledger: Ledger, lease: Lease, lease_seconds: float) -> Iterator[Lease]:
    """What a thread does beside a run; it stands still while the run is paused, and dies with it."""

    async def renew() -> None:
        process = current_process.get()
        with suppress(LedgerError):
            while True:
                await asyncio.sleep(lease_seconds / 3)
                if process:
                    await process.go_on()
                    process.require_alive()
                ledger.locks.renew(lease)

    renewing = asyncio.get_running_loop().create_task(renew())
    renewing.add_done_callback(lambda task: task.cancelled() or task.exception())
    try:
        yield lease
    finally:
        renewing.cancel()
        ledger.locks.release(lease)
