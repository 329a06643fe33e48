"""Watching one process that runs: its probe, what it says of the process, and the end of one that hangs."""

import asyncio
import os
import shlex
import signal
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from tasks.supervisor.family import descendants
from tasks.supervisor.hang import Unanswered
from tasks.supervisor.port_owner import PortOwner
from tasks.supervisor.probing import CannotAsk, ProbeFailed, ask
from tasks.supervisor.process import Probe, Process
from tasks.supervisor.running import Running
from tasks.supervisor.state_changes import StateChanges
from tasks.supervisor.store import ProcessRecord
from tasks.supervisor.surroundings import Siblings

_FIRST_INTERVAL, _LAST_INTERVAL, _PART_WAITED = 0.05, 0.5, 1 / 50
"""Seconds between two probes of what starts: at first, at last, and the part of the time waited in between."""
_MISSED_INTERVAL = 0.5
"""Seconds from a probe without an answer to the next."""
_STEADY_SECONDS, _STEADY_INTERVAL = 60.0, 2.0
"""One that has answered every probe for so long is asked every so many seconds, if it is to be asked oftener. Its end
is seen at once all the same, and after an unanswered probe it is asked as often as before."""
_WELL_SECONDS = 1.0
"""Without a probe a process is healthy once it has run this long."""
_PORT = "PORT"
"""The variable that gives a replica its port."""
_SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh", "busybox")
_LATE_SECONDS = 1.0
"""A probe that took so much longer than it may was asked by a supervisor that was held up itself."""


class Watcher:
    """Turns a process's state by what its probe says."""

    def __init__(self, record: ProcessRecord, state: StateChanges, siblings: Siblings) -> None:
        self._record, self._state, self._siblings = record, state, siblings

    async def watch(self, running: Running) -> str:
        """Ask until it hangs; then it is killed, and this says how long it had not answered. Empty without a probe."""
        process, probe = self._record.process, self._record.process.probe
        if probe is None:
            await asyncio.sleep(_WELL_SECONDS)
            self._is_well("runs", running)
            return ""
        began, misses, unanswered = _now(), 0, Unanswered(running.identity.pid)
        answered, well_since = time.time(), began
        own = self._siblings.listeners.held(probe.port) if probe.port == process.listen else None
        owner = PortOwner(probe.port, partial(self._siblings.kept, self._record, running.identity.pid), own)
        while True:
            asked = _now()
            try:
                await ask(process, probe, owner)
            except CannotAsk:
                unanswered.answered()
            except ProbeFailed as failure:
                misses, well_since = misses + 1, _now()
                # Where we were late ourselves, nobody can tell.
                if failure.silent and _now() - asked < probe.timeout + _LATE_SECONDS:
                    unanswered.missed()
                else:
                    unanswered.answered()
                if self._state.has_answered and misses >= probe.threshold:
                    self._is_silent(probe, owner, f"{misses} probes in a row failed: {failure}", answered)
                elif self._is_late(probe, began):
                    self._state.turn("failed", f"{_not_ready(probe)}: {failure}{_ignores_port(process, owner)}")
            else:
                self._is_well("answers", running)
                misses, answered = 0, time.time()
                unanswered.answered()
            if self._record.state != "starting" and unanswered.is_hang(probe.patience):
                return self._end_hung(running, unanswered.seconds)
            starting = self._record.state == "starting"
            await asyncio.sleep(_pause(probe, misses, _now() - began if starting else None, _now() - well_since))

    def _is_late(self, probe: Probe, began: float) -> bool:
        """It has never answered, its time to start is over, and nothing was said of that yet."""
        over = _now() - began > probe.start_seconds
        return over and not self._state.has_answered and self._record.state != "failed"

    def _is_silent(self, probe: Probe, owner: PortOwner, reason: str, answered: float) -> None:
        """It has answered before, and has not for a while: since `answered`, by the clock."""
        if not probe.may_be_busy:
            self._state.turn("failed", reason)
        elif owner.is_stopped():
            self._state.turn("failed", f"is stopped (state T), and does not answer: {reason}")
        else:
            self._state.turn("unready", f"its process runs and does not answer: {reason}", answered)

    def _end_hung(self, running: Running, seconds: float) -> str:
        """Kill it with its children, which may be stopped as it is. Its end is met as every other, and it starts
        again."""
        reason = f"did not answer for {seconds:.0f} s and was killed"
        self._state.turn("failed", reason)
        children = descendants(running.identity.pid)
        running.send(signal.SIGKILL, group=True)
        for pid in children:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        return reason

    def _is_well(self, how: str, running: Running) -> None:
        # A probe that asks for no port may succeed in the moment that it ended.
        if not running.ended.done():
            self._state.is_well(how)


def _pause(probe: Probe, misses: int, starting: float | None, well: float) -> float:
    """Seconds until the next probe. `starting`: for how long it has been starting; None if it is not. `well`: for how
    long it has answered all."""
    if starting is not None:
        return min(_LAST_INTERVAL, max(_FIRST_INTERVAL, starting * _PART_WAITED))
    if misses:
        return min(_MISSED_INTERVAL, probe.interval)
    return max(_STEADY_INTERVAL, probe.interval) if well >= _STEADY_SECONDS else probe.interval


def _not_ready(probe: Probe) -> str:
    note = f" ({probe.start_note})" if probe.start_note else ""
    return f"not ready after {probe.start_seconds:g} s{note}"


def _ignores_port(process: Process, owner: PortOwner) -> str:
    """That a program listens elsewhere than its variable PORT says, and what to write; empty if it does not."""
    given = process.env.get(_PORT)
    if not given or not (ports := owner.elsewhere()):
        return ""
    listens = f"port{'s' if len(ports) > 1 else ''} {' and '.join(map(str, ports))}"
    fault = f"; it listens on {listens} and not on {given}, which the variable {_PORT} gives it. Let it read that"
    if Path(process.argv[0]).name in _SHELLS:  # what reads the port is in its script
        return fault
    script = f'exec {shlex.join(process.argv)} --port "${_PORT}"'
    return f"{fault}, as in: sh -c {shlex.quote(script)}"


def _now() -> float:
    return asyncio.get_running_loop().time()
