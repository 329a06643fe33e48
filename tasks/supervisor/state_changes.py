"""How the state of one process changes: what turns it, and how often and how soon it is started again."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import gmtime, strftime, time

from tasks.supervisor.process import End, State, Status
from tasks.supervisor.running import describe_exit, shell_exit_code
from tasks.supervisor.store import ProcessRecord

_STEADY_SECONDS = 10.0
_MOST_ENDS = 20
"""Ends of a process that are remembered."""


class StateChanges:
    """Of one record. `save` writes it with all others; OSError if it cannot. `tell` is called with each new state."""

    def __init__(self, record: ProcessRecord, save: Callable[[], None], tell: Callable[[Status], None]) -> None:
        self.record = record
        self._save, self._tell = save, tell
        self.has_answered = False
        """Whether it has answered since its start."""
        self._answered_at = 0.0
        self._quick_ends = 0

    def is_well(self, how: str) -> None:
        """It answers, or has run long enough."""
        if not self.has_answered:
            self.has_answered, self._answered_at, self.record.failures = True, _now(), 0
        self.turn("healthy", how)

    def ended(self, reason: str, code: int | None, *, hung: bool = False) -> bool:
        """Record the end of the process; returns whether to start it again. `hung`: it was killed for its silence."""
        record = self.record
        record.leader = None
        exit_code = None if code is None or hung else shell_exit_code(code)
        record.ends = (*record.ends, End(time(), reason, exit_code))[-_MOST_ENDS:]
        if record.process.once:
            record.code = None if code is None else shell_exit_code(code)
            unseen = (
                ", and nobody saw how: its supervisor was killed meanwhile" if reason == describe_exit(None) else ""
            )
            self.turn("healthy" if code == 0 else "failed", f"{reason}{unseen}")
            return False
        if self.has_answered and _now() - self._answered_at >= _STEADY_SECONDS:
            self._quick_ends = 0
        record.failures = 0 if self.has_answered else record.failures + 1
        if record.failures >= max(1, record.process.restarts):
            self.turn("failed", f"{reason}; it failed to start {record.failures} times in a row and now rests")
            return False
        record.restarts += 1
        self.turn("starting", f"{reason}, restarted")
        return True

    def pause(self) -> float:
        """Seconds before the next start: none, then 0.2 doubling to 30."""
        self._quick_ends += 1
        return 0.0 if self._quick_ends == 1 else min(30.0, 0.2 * 2.0 ** min(self._quick_ends - 2, 10))

    def turn(self, state: State, reason: str, since: float | None = None) -> None:
        """From now on, or `since` then, it is in this state, which is recorded and logged.

        In it already: nothing, but for `starting`.
        """
        record = self.record
        if record.state == state and state != "starting":
            return
        if record.state != state:
            record.since = time() if since is None else since
        record.state, record.reason = state, reason
        print(f"{strftime('%Y-%m-%dT%H:%M:%SZ', gmtime())} {record.process.name}: {state} ({reason})", flush=True)
        self.note()
        self._tell(record.status())

    def note(self) -> None:
        """Write the record, if it can be written."""
        # A full disk must not end what runs; the daemon writes again as soon as it can.
        with suppress(OSError):
            self._save()


def _now() -> float:
    return asyncio.get_running_loop().time()
