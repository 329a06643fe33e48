"""A kept process makes way for another of its name. The port stays bound meanwhile: no other program can have it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tasks.supervisor.lifecycle import Life
from tasks.supervisor.listeners import CannotListen, Listeners
from tasks.supervisor.process import Process
from tasks.supervisor.rotate import remove
from tasks.supervisor.store import Kept
from tasks.supervisor.surroundings import Surroundings
from tasks.supervisor.validation import Refused, comparable


class Replacements:
    """Those under way among `lives`. Each is recorded before it begins: the next supervisor goes on with it."""

    def __init__(self, lives: dict[str, Life], around: Surroundings, is_ending: Callable[[], bool]) -> None:
        self._lives = lives
        self._around = around
        self._is_ending = is_ending
        self._under_way: dict[str, asyncio.Task[Life | None]] = {}

    async def replace(self, name: str, process: Process) -> Life:
        """Stop the kept one and keep `process` instead. Refused if its port is taken: all is as before then."""
        life = self._lives[name]
        if life.kept.wanted == "stop" and life.kept.successor is None:
            # Its port is closed once it has stopped.
            await life.end("stop")
        successor = life.kept.successor
        if self._lives.get(name) is not life or life.kept.wanted == "remove":
            raise _not_now(name)
        if successor is None:
            self._record(life.kept, process)
        elif comparable(successor) != comparable(process):
            raise _not_now(name)
        replaced = await self.go_on(life)
        if replaced is None:
            raise _not_now(name)
        return replaced

    def go_on(self, life: Life) -> "asyncio.Task[Life | None]":
        """Carry out what is recorded; the new life. None if something else was wanted meanwhile."""
        name = life.kept.process.name
        if name not in self._under_way:
            task = asyncio.create_task(self._carry_out(life))
            self._under_way[name] = task
            task.add_done_callback(lambda _: self._under_way.pop(name))
        return self._under_way[name]

    def _record(self, kept: Kept, process: Process) -> None:
        port = _port_to_bind(kept, process, self._around.listeners)
        if port:
            bind(self._around.listeners, port)
        before = kept.wanted
        kept.successor, kept.wanted = process, "run"
        try:
            self._around.save()
        except OSError as error:
            kept.successor, kept.wanted = None, before
            self._around.listeners.release(port)
            raise Refused(f"{process.name}: cannot be recorded: {error.strerror}", transient=True) from error

    async def _carry_out(self, life: Life) -> Life | None:
        await life.end(None)
        kept, process, listeners = life.kept, life.kept.successor, self._around.listeners
        if process is None or self._is_ending():
            return None
        if kept.wanted != "run":
            kept.successor = None
            with suppress(OSError):
                self._around.save()
            listeners.release(process.listen)
            return None
        successor = Life(Kept(process), self._around)
        self._lives[process.name] = successor
        # Where it cannot be written the process waits for that: each start is recorded first.
        with suppress(OSError):
            self._around.save()
        successor.begin()
        if kept.process.listen != process.listen:
            listeners.release(kept.process.listen)
        if kept.process.log != process.log:
            remove(Path(kept.process.log))
        return successor


def bind(listeners: Listeners, port: int) -> None:
    """Hold the port; Refused if that cannot be."""
    try:
        listeners.bind(port)
    except CannotListen as error:
        raise Refused(str(error), port_taken=error.taken) from error


def _port_to_bind(kept: Kept, process: Process, listeners: Listeners) -> int:
    """The port that `process` needs and the kept one does not leave it; 0 if there is none."""
    if process.listen != kept.process.listen:
        return process.listen
    # Where supervisor and guardian were killed, the running process alone has it: it is bound once that has ended.
    return 0 if listeners.held(process.listen) is not None or kept.leader else process.listen


def _not_now(name: str) -> Refused:
    return Refused(f"{name}: not now, it is being stopped, removed or replaced", transient=True)
