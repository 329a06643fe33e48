"""The life of one process: prepare, start, probe, restart, stop.

starting ──answers──▶ healthy ──threshold──▶ failed (runs on; healthy again if it answers again)
   ▲  └──start_seconds──────────────────────────▲
   ├──────ended, from any of the three
   └──ended `restarts` times in a row before it answered──▶ failed (rests)
stopped: by the client, from anywhere.

What runs `once`: starting ──ended with 0──▶ healthy, or ──ended otherwise──▶ failed; both for good.
"""

import asyncio
import signal
import traceback
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from time import gmtime, strftime, time
from typing import Any, Literal

from tasks.supervisor.identity import Identity
from tasks.supervisor.listeners import CannotListen
from tasks.supervisor.port_owner import PortOwner, taken_by
from tasks.supervisor.probing import Unwell, ask
from tasks.supervisor.process import State
from tasks.supervisor.running import Running, as_shells_count, in_words
from tasks.supervisor.spawn import CannotStart, spawn
from tasks.supervisor.store import Kept
from tasks.supervisor.surroundings import Surroundings

_FIRST_INTERVAL = 0.05
_WELL_SECONDS = 1.0
"""Without a probe: so long it must run to be called healthy."""
_STEADY_SECONDS = 10.0
_PREPARE_SECONDS = 600.0


class Life:
    """Keeps one process as `kept.wanted` says."""

    def __init__(self, kept: Kept, around: Surroundings) -> None:
        self.kept = kept
        self._around = around
        self._save = around.save
        self._listeners = around.listeners
        self._running: Running | None = None
        self._preparing: Running | None = None
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Lock()
        self._answered = False
        self._answered_at = 0.0
        self._quick_ends = 0

    def begin(self) -> None:
        """Take up what still runs of it, and keep it running from here on if that is wanted."""
        kept = self.kept
        if kept.preparing:
            self._preparing = Running.adopt(kept.preparing)
            kept.preparing = self._preparing.identity if self._preparing else None
        again = kept.wanted == "run" and kept.successor is None
        if kept.leader:
            self._running = Running.adopt(kept.leader)
            self._answered = kept.state == "healthy"
            if self._running is None:
                again = self._ended("ended while no supervisor ran", None) and again
        elif kept.state == "failed" or self._is_over():
            again = False
        elif kept.process.once and kept.state == "stopped":
            self._turn("failed", "was stopped with its supervisor before its end")
            again = False
        elif kept.state == "stopped" and again:
            self._turn("starting", "started again with its supervisor")
        if again:
            self._task = asyncio.create_task(self._live())

    def is_up(self) -> bool:
        """Whether it is wanted, and neither failed nor about to make way for another."""
        return self.kept.wanted == "run" and self.kept.successor is None and self.kept.state in ("starting", "healthy")

    async def end(self, wanted: Literal["stop", "remove"] | None) -> None:
        """Stop it and return when it is gone; None: it is to start again with the next supervisor."""
        if wanted and self.kept.wanted not in ("remove", wanted):
            self.kept.wanted = wanted
            self._note()
        async with self._ending:
            if self._task:
                self._task.cancel()
                await asyncio.wait([self._task])
                self._task = None
            process = self.kept.process
            if self._preparing:
                await self._preparing.end(signal.SIGTERM, group=True, seconds=process.stop_seconds)
            if self._running:
                number = signal.Signals[process.stop_signal]
                await self._running.end(number, group=process.stop_group, seconds=process.stop_seconds)
            self._running = self._preparing = self.kept.leader = self.kept.preparing = None
            if self.kept.wanted != "run":
                self._listeners.release(process.listen)
            if self._is_over():
                return
            failed = self.kept.state == "failed"
            self._turn("stopped", f"stopped; it had failed: {self.kept.reason}" if failed else "stopped")

    def label(self, labels: dict[str, Any]) -> None:
        """Replace its labels; nothing else changes."""
        self.kept.process = replace(self.kept.process, labels=labels)
        self._note()

    async def _live(self) -> None:
        while True:
            code = None
            try:
                self._running = self._running or await self._start()
                code = await self._attend(self._running)
                why = in_words(code)
                await self._running.gone()
                if taken := self._taken():
                    why = f"{why}: {taken}"
            except CannotStart as error:
                why = str(error)
            except Exception:  # A fault of ours must not leave a process unwatched: say it and go on.
                traceback.print_exc()
                await asyncio.sleep(1)
                continue
            self._running = None
            if not self._ended(why, code):
                return
            await asyncio.sleep(self._pause())

    async def _start(self) -> Running:
        """Prepare and start; CannotStart says what of it failed."""
        self._answered = False
        if self._preparing:
            # An earlier supervisor's: let it finish rather than leave its work half done, then begin anew.
            await self._prepared(self._preparing, "")
        process = self.kept.process
        await self._served(process.needs)
        listener = self._listener(process.listen)
        for command in process.prepare:
            self._preparing = spawn(process, command, self._is_preparing)
            code = await self._prepared(self._preparing, command[0])
            if code:
                raise CannotStart(f"its preparation {command[0]} {in_words(code)}")
        return spawn(process, process.argv, self._is_leader, listener)

    async def _served(self, needs: Collection[int]) -> None:
        """Wait for the ports that it is told of. A stranger on one of them must not get what it sends there.

        Failed while the process of a port has failed or is gone: its successor may serve another port. One that runs
        once does not run any more then.
        """
        before = ""
        while missing := next((port for port in needs if self._around.server_state(port) != "healthy"), 0):
            why = f"waits for port {missing}, which no healthy process of its stack serves"
            state: State = "starting" if self._around.server_state(missing) == "starting" else "failed"
            if state == "failed" and self.kept.process.once:
                raise CannotStart(why)
            if (state, why) != (self.kept.state, before):
                self._turn(state, why)
                before = why
            await asyncio.sleep(_FIRST_INTERVAL)
        if before:
            self._turn("starting", "all ports that it is told of are served")

    def _listener(self, port: int) -> int | None:
        """Its socket. It is bound again only after supervisor and guardian were killed and the process ended."""
        try:
            return self._listeners.descriptor(port) if port else None
        except CannotListen as error:
            raise CannotStart(str(error)) from error

    def _taken(self) -> str:
        """Who has its port now that it has ended, which is why most programs end."""
        process = self.kept.process
        return taken_by(process.probe_port) if process.probe_port != process.listen else ""

    async def _prepared(self, running: Running, program: str) -> int | None:
        """Wait for a preparation; its exit code."""
        done, _ = await asyncio.wait([running.ended], timeout=_PREPARE_SECONDS)
        if not done:
            await running.end(signal.SIGTERM, group=True, seconds=self.kept.process.stop_seconds)
            raise CannotStart(f"its preparation {program} did not end within {_PREPARE_SECONDS:g} s")
        self._preparing = self.kept.preparing = None
        return running.ended.result()

    async def _attend(self, running: Running) -> int | None:
        """Watch it until it ends; its exit code."""
        if self.kept.process.once:
            return await asyncio.shield(running.ended)
        watch = asyncio.create_task(self._watch(running))
        try:
            either: list[asyncio.Future[Any]] = [running.ended, watch]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
            return await asyncio.shield(running.ended)
        finally:
            watch.cancel()

    async def _watch(self, running: Running) -> None:
        process, probe = self.kept.process, self.kept.process.probe
        if probe is None:
            await asyncio.sleep(_WELL_SECONDS)
            self._is_well("runs", running)
            return
        began, misses = _now(), 0
        own = self._listeners.held(probe.port) if probe.port == process.listen else None
        owner = PortOwner(probe.port, running.identity.pid, self._around.leaders, own)
        while True:
            try:
                await ask(process, probe, owner)
            except Unwell as unwell:
                misses += 1
                if self._answered and misses >= probe.threshold:
                    self._turn("failed", f"{misses} probes in a row failed: {unwell}")
                elif not self._answered and _now() - began > probe.start_seconds:
                    self._turn("failed", f"not ready after {probe.start_seconds:g} s: {unwell}")
            else:
                misses = 0
                self._is_well("answers", running)
            waiting = self.kept.state == "starting"
            await asyncio.sleep(_FIRST_INTERVAL if waiting else probe.interval)

    def _is_well(self, how: str, running: Running) -> None:
        # A probe that asks for no port may succeed in the moment that it ended.
        if running.ended.done():
            return
        if not self._answered:
            self._answered, self._answered_at, self.kept.failures = True, _now(), 0
        self._turn("healthy", how)

    def _ended(self, why: str, code: int | None) -> bool:
        """Whether it is to be started once more."""
        kept = self.kept
        kept.leader = None
        if kept.process.once:
            kept.code = None if code is None else as_shells_count(code)
            unseen = ", and nobody saw how: its supervisor was killed meanwhile" if why == in_words(None) else ""
            self._turn("healthy" if code == 0 else "failed", f"{why}{unseen}")
            return False
        if self._answered and _now() - self._answered_at >= _STEADY_SECONDS:
            self._quick_ends = 0
        kept.failures = 0 if self._answered else kept.failures + 1
        if kept.failures >= max(1, kept.process.restarts):
            self._turn("failed", f"{why}; it failed to start {kept.failures} times in a row and now rests")
            return False
        kept.restarts += 1
        self._turn("starting", f"{why}, restarted")
        return True

    def _pause(self) -> float:
        """Seconds before the next start: none, then 0.2 doubling to 30."""
        self._quick_ends += 1
        return 0.0 if self._quick_ends == 1 else min(30.0, 0.2 * 2.0 ** min(self._quick_ends - 2, 10))

    def _is_over(self) -> bool:
        """It was to run once and has."""
        return self.kept.process.once and self._running is None and self.kept.state in ("healthy", "failed")

    def _is_leader(self, identity: Identity) -> None:
        self.kept.leader = identity
        self._save()

    def _is_preparing(self, identity: Identity) -> None:
        self.kept.preparing = identity
        self._save()

    def _turn(self, state: State, reason: str) -> None:
        kept = self.kept
        if kept.state == state and state != "starting":
            return
        if kept.state != state:
            kept.since = time()
        kept.state, kept.reason = state, reason
        print(f"{strftime('%Y-%m-%dT%H:%M:%SZ', gmtime())} {kept.process.name}: {state} ({reason})", flush=True)
        self._note()

    def _note(self) -> None:
        # A full disk must not end what runs; the daemon writes again as soon as it can.
        with suppress(OSError):
            self._save()


def _now() -> float:
    return asyncio.get_running_loop().time()
