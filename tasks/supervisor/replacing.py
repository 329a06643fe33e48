"""A kept process makes way for another of its name. The port stays bound meanwhile: no other program can have it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tasks.supervisor.lifecycle import ProcessLifecycle
from tasks.supervisor.listeners import CannotListen, Listeners
from tasks.supervisor.process import Process
from tasks.supervisor.rotate import remove
from tasks.supervisor.store import ProcessRecord
from tasks.supervisor.surroundings import Siblings
from tasks.supervisor.validation import RequestError, comparable


class Replacements:
    """The replacements under way among `lifecycles`.

    Each is recorded before it begins, so the next supervisor goes on with it.
    """

    def __init__(
        self, lifecycles: dict[str, ProcessLifecycle], siblings: Siblings, is_ending: Callable[[], bool]
    ) -> None:
        self._lifecycles = lifecycles
        self._siblings = siblings
        self._is_ending = is_ending
        self._under_way: dict[str, asyncio.Task[ProcessLifecycle | None]] = {}

    async def replace(self, name: str, process: Process) -> ProcessLifecycle:
        """Stop the kept one and keep `process` instead. RequestError if its port is taken: all is as before then."""
        lifecycle = self._lifecycles[name]
        if lifecycle.record.wanted == "stop" and lifecycle.record.successor is None:
            # Its port is closed once it has stopped.
            await lifecycle.end("stop")
        successor = lifecycle.record.successor
        if self._lifecycles.get(name) is not lifecycle or lifecycle.record.wanted == "remove":
            raise _not_now(name)
        if successor is None:
            self._record(lifecycle.record, process)
        elif comparable(successor) != comparable(process):
            raise _not_now(name)
        replaced = await self.go_on(lifecycle)
        if replaced is None:
            raise _not_now(name)
        return replaced

    def go_on(self, lifecycle: ProcessLifecycle) -> "asyncio.Task[ProcessLifecycle | None]":
        """Carry out what is recorded; the new lifecycle. None if something else was wanted meanwhile."""
        name = lifecycle.record.process.name
        if name not in self._under_way:
            task = asyncio.create_task(self._carry_out(lifecycle))
            self._under_way[name] = task
            task.add_done_callback(lambda _: self._under_way.pop(name))
        return self._under_way[name]

    def _record(self, record: ProcessRecord, process: Process) -> None:
        port = _port_to_bind(record, process, self._siblings.listeners)
        if port:
            bind(self._siblings.listeners, port)
        wanted_before = record.wanted
        record.successor, record.wanted = process, "run"
        try:
            self._siblings.save()
        except OSError as error:
            record.successor, record.wanted = None, wanted_before
            self._siblings.listeners.release(port)
            raise RequestError(f"{process.name}: cannot be recorded: {error.strerror}", transient=True) from error

    async def _carry_out(self, lifecycle: ProcessLifecycle) -> ProcessLifecycle | None:
        await lifecycle.end(None)
        record, process, listeners = lifecycle.record, lifecycle.record.successor, self._siblings.listeners
        if process is None or self._is_ending():
            return None
        if record.wanted != "run":
            record.successor = None
            with suppress(OSError):
                self._siblings.save()
            listeners.release(process.listen)
            return None
        successor = ProcessLifecycle(ProcessRecord(process), self._siblings)
        self._lifecycles[process.name] = successor
        # Where it cannot be written the process waits for that: each start is recorded first.
        with suppress(OSError):
            self._siblings.save()
        successor.begin()
        if record.process.listen != process.listen:
            listeners.release(record.process.listen)
        if record.process.log != process.log:
            remove(Path(record.process.log))
        return successor


def bind(listeners: Listeners, port: int) -> None:
    """Hold the port; RequestError if that cannot be."""
    try:
        listeners.bind(port)
    except CannotListen as error:
        raise RequestError(str(error), port_taken=error.taken) from error


def _port_to_bind(record: ProcessRecord, process: Process, listeners: Listeners) -> int:
    """The port that `process` needs and the kept one does not leave it; 0 if there is none."""
    if process.listen != record.process.listen:
        return process.listen
    # Where supervisor and guardian were killed, the running process alone has it: it is bound once that has ended.
    return 0 if listeners.held(process.listen) is not None or record.leader else process.listen


def _not_now(name: str) -> RequestError:
    return RequestError(f"{name}: not now, it is being stopped, removed or replaced", transient=True)
