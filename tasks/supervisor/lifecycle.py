"""The lifecycle of one process: prepare, start, watch, restart, stop.

starting ──answers──▶ healthy ──threshold──▶ failed (runs on; healthy again if it answers again)
   ▲  │                  └──threshold, may be busy──▶ unready (the same) ──stopped (state T)──▶ failed
   │  └──start_seconds──▶ failed
   ├──────ended, from any of the four; or killed, as it left its probes unanswered for its `patience`
   └──ended `restarts` times in a row before it answered──▶ failed (rests)
stopped: by the client, from anywhere.

What runs `once`: starting ──ended with 0──▶ healthy, or ──ended otherwise──▶ failed; both for good.
"""

import asyncio
import signal
import traceback
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Literal

from tasks.supervisor.identity import Identity
from tasks.supervisor.launch import CannotStart
from tasks.supervisor.listeners import CannotListen
from tasks.supervisor.owned import Owned, end_rest
from tasks.supervisor.port_owner import taken_by
from tasks.supervisor.process import State
from tasks.supervisor.running import Running, describe_exit
from tasks.supervisor.spawn import spawn, spawn_owned
from tasks.supervisor.state_changes import StateChanges
from tasks.supervisor.store import ProcessRecord
from tasks.supervisor.strays import detached_by, end_strays
from tasks.supervisor.surroundings import Siblings
from tasks.supervisor.watching import Watcher

_PORT_SECONDS = 0.05
"""Between two looks at whether a port that it is told of is served."""
_PREPARE_SECONDS = 600.0


class ProcessLifecycle:
    """Keeps one process in the state that `record.wanted` names."""

    def __init__(self, record: ProcessRecord, siblings: Siblings) -> None:
        self.record = record
        self._siblings = siblings
        self._save = siblings.save
        self._state = StateChanges(record, siblings.save, siblings.tell)
        self._watcher = Watcher(record, self._state, siblings)
        self._listeners = siblings.listeners
        self._running: Running | None = None
        self._preparing: Running | None = None
        self._hang = ""
        """How long the process that runs had not answered when it was ended for that."""
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Lock()
        self._rest_unknown = False
        """Whether an earlier supervisor may have left something of what it started."""

    def begin(self) -> None:
        """Adopt the process if it still runs, and keep it running if the record says so."""
        record = self.record
        if record.preparing:
            self._preparing = Running.adopt(record.preparing)
            record.preparing = self._preparing.identity if self._preparing else None
        start_again = record.wanted == "run" and record.successor is None
        self._rest_unknown = record.owner is not None
        if record.leader:
            self._running = self._adopted(record.leader)
            # One that had failed has had its time to start: it was silent for long.
            self._state.has_answered = record.state in ("healthy", "unready", "failed")
            if self._running is None:
                start_again = self._state.ended("ended while no supervisor ran", None) and start_again
        elif record.state == "failed" or self._is_over():
            start_again = False
        elif record.process.once and record.state == "stopped":
            self._state.turn("failed", "was stopped with its supervisor before its end")
            start_again = False
        elif record.state == "stopped" and start_again:
            self._state.turn("starting", "started again with its supervisor")
        if start_again:
            self._task = asyncio.create_task(self._live())

    def is_up(self) -> bool:
        """Whether it is to run, has not failed, and is not being replaced."""
        return (
            self.record.wanted == "run"
            and self.record.successor is None
            and self.record.state in ("starting", "healthy", "unready")
        )

    async def end(self, goal: Literal["stop", "remove"] | None) -> None:
        """Stop it and return when it is gone; None: it is to start again with the next supervisor."""
        if goal and self.record.wanted not in ("remove", goal):
            self.record.wanted = goal
            self._state.note()
        async with self._ending:
            if self._task:
                self._task.cancel()
                await asyncio.wait([self._task])
                self._task = None
            process = self.record.process
            detached = detached_by(self._running.identity.pid) if self._running and self.record.earlier else []
            if self._preparing:
                await self._preparing.end(signal.SIGTERM, group=True, seconds=process.stop_seconds)
            if self._running:
                number = signal.Signals[process.stop_signal]
                await self._running.end(number, group=process.stop_group, seconds=process.stop_seconds)
            end_strays(detached)
            await self._end_rest()
            self._running = self._preparing = self.record.leader = self.record.preparing = None
            if self.record.wanted != "run":
                self._listeners.release(process.listen)
            if self._is_over():
                return
            failed = self.record.state == "failed"
            self._state.turn("stopped", f"stopped; it had failed: {self.record.reason}" if failed else "stopped")

    def label(self, labels: dict[str, Any]) -> None:
        """Replace its labels; nothing else changes."""
        self.record.process = replace(self.record.process, labels=labels)
        self._state.note()

    async def _live(self) -> None:
        while True:
            code = None
            try:
                self._running = self._running or await self._start()
                code = await self._attend(self._running)
                reason = self._hang or describe_exit(code)
                await self._running.gone()
                if owner := self._taken():
                    reason = f"{reason}: {owner}"
            except CannotStart as error:
                reason = str(error)
            except Exception:  # A fault of ours must not leave a process unwatched: say it and go on.
                traceback.print_exc()
                await asyncio.sleep(1)
                continue
            self._running = None
            if not self._state.ended(reason, code, hung=bool(self._hang)):
                return
            await asyncio.sleep(self._state.pause())

    async def _start(self) -> Running:
        """Prepare and start; CannotStart says what of it failed."""
        self._state.has_answered = False
        self._hang = ""
        if self._preparing:
            # An earlier supervisor's: let it finish rather than leave its work half done, then begin anew.
            await self._prepared(self._preparing, "")
        process = self.record.process
        await self._served(process.needs)
        listener = self._listener(process.listen)
        for command in process.prepare:
            self._preparing = spawn(process, command, self._is_preparing)
            code = await self._prepared(self._preparing, command[0])
            if code:
                raise CannotStart(f"its preparation {command[0]} {describe_exit(code)}")
        if not self._is_owned():
            return spawn(process, process.argv, self._is_leader, listener)
        if self._rest_unknown:
            await self._end_rest()
        launcher, mark = self._siblings.launcher, self._siblings.mark(process.name)
        assert launcher
        return spawn_owned(process, process.argv, self._is_leader, launcher, mark, listener=listener)

    async def _served(self, needs: Collection[int]) -> None:
        """Wait for the ports that it is told of. A stranger on one of them must not get what it sends there.

        Failed while the process of a port has failed or is gone: its successor may serve another port. One that runs
        once does not run any more then.
        """
        last_reason = ""
        while missing := next((port for port in needs if self._siblings.server_state(port) != "healthy"), 0):
            reason = f"waits for port {missing}, which no healthy process of its stack serves"
            state: State = "starting" if self._siblings.server_state(missing) == "starting" else "failed"
            if state == "failed" and self.record.process.once:
                raise CannotStart(reason)
            if (state, reason) != (self.record.state, last_reason):
                self._state.turn(state, reason)
                last_reason = reason
            await asyncio.sleep(_PORT_SECONDS)
        if last_reason:
            self._state.turn("starting", "all ports that it is told of are served")

    def _listener(self, port: int) -> int | None:
        """Its socket. It is bound again only after supervisor and guardian were killed and the process ended."""
        try:
            return self._listeners.descriptor(port) if port else None
        except CannotListen as error:
            raise CannotStart(str(error)) from error

    def _taken(self) -> str:
        """Who has its port now that it has ended, which is why most programs end."""
        process = self.record.process
        return taken_by(process.probe_port) if process.probe_port != process.listen else ""

    async def _prepared(self, running: Running, program: str) -> int | None:
        """Wait for a preparation; its exit code."""
        done, _ = await asyncio.wait([running.ended], timeout=_PREPARE_SECONDS)
        if not done:
            await running.end(signal.SIGTERM, group=True, seconds=self.record.process.stop_seconds)
            raise CannotStart(f"its preparation {program} did not end within {_PREPARE_SECONDS:g} s")
        self._preparing = self.record.preparing = None
        return running.ended.result()

    async def _attend(self, running: Running) -> int | None:
        """Watch it until it ends; its exit code."""
        if self.record.process.once:
            return await asyncio.shield(running.ended)
        watch = asyncio.create_task(self._watcher.watch(running))
        try:
            either: list[asyncio.Future[Any]] = [running.ended, watch]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                self._hang = watch.result()
            return await asyncio.shield(running.ended)
        finally:
            watch.cancel()

    def _is_over(self) -> bool:
        """It was to run once and has."""
        return self.record.process.once and self._running is None and self.record.state in ("healthy", "failed")

    def _is_owned(self) -> bool:
        return self.record.process.owned and self._siblings.launcher is not None

    def _adopted(self, leader: Identity) -> Running | None:
        if self._is_owned():
            return Owned.adopt_owned(leader, self.record.owner, self._siblings.mark(self.record.process.name))
        return Running.adopt(leader)

    async def _end_rest(self) -> None:
        """End what earlier starts left: an owner that was killed could not."""
        if not self._is_owned():
            return
        if left := await end_rest(self.record.owner, self._siblings.mark(self.record.process.name)):
            print(f"{self.record.process.name}: these that it started cannot be ended: {left}", flush=True)
        self.record.owner, self._rest_unknown = None, False

    def _is_leader(self, identity: Identity, owner: Identity | None = None) -> None:
        self.record.leader, self.record.owner = identity, owner
        self._save()

    def _is_preparing(self, identity: Identity) -> None:
        self.record.preparing = identity
        self._save()
