"""The proof that the process itself serves its port: another program's answer must not make it healthy."""

import os
import time
from collections.abc import Callable, Collection, Iterable

from tasks.supervisor.family import Kept, family, state_of
from tasks.supervisor.listening import Listening, accounts, can_tell, held, holder, listening, ports_of

_REFUSED_SECONDS = 1.0
"""How long a stranger's answer is remembered: to name it costs a look at every process of the machine."""


class PortOwner:
    """Asks for one port and one leader. `kept`: that among all that are kept; `own`: a socket that we hold."""

    def __init__(self, port: int, kept: Callable[[], Kept], own: int | None) -> None:
        self._port = port
        self._kept = kept
        self._proven = set() if own is None else {os.fstat(own).st_ino}
        self._refused = ""
        self._refused_until = 0.0

    def fault(self) -> str:
        """Why its answer is not the process's own, as a sentence; empty if it is, or where nobody can tell.

        Cheap enough for each probe: 0.05 ms while the same socket listens.
        """
        if not can_tell():
            return ""
        now = time.monotonic()
        if not self._refused or now >= self._refused_until:
            self._refused = self._ask()
            self._refused_until = now + _REFUSED_SECONDS
        return self._refused

    def is_stopped(self) -> bool:
        """Whether all of its family that serve the port are stopped (state T): none will ever answer by itself.

        False where nobody can tell. Costs a look at every process of the machine.
        """
        if not can_tell():
            return False
        kept = self._kept()
        try:
            inodes = {entry.inode for entry in listening(self._port)}
            serving = [pid for pid in family(kept) if held(pid, inodes)]
        except OSError:
            serving = []
        states = [state_of(pid) for pid in serving or [kept.leader]]
        return all(state in ("T", "t") for state in states)

    def elsewhere(self) -> tuple[int, ...]:
        """The ports that its family listens on; empty if it serves the one asked for, or where nobody can tell.

        Costs a look at every process of the machine.
        """
        if not can_tell():
            return ()
        try:
            ports = ports_of(family(self._kept()))
        except OSError:
            return ()
        return () if self._port in ports else ports

    def _ask(self) -> str:
        entries = listening(self._port)
        if not entries:
            return f"port {self._port}: nobody listens any more"
        inodes = {entry.inode for entry in entries}
        if inodes <= self._proven:
            return ""
        unproven = [entry for entry in entries if entry.inode not in self._proven]
        strangers = _strangers(unproven, family(self._kept()))
        if not strangers:
            self._proven = inodes
            return ""
        return f"port {self._port} is served by another program ({holder(strangers[0])})"


def fault_of(port: int, pid: int) -> str:
    """Why this very process does not serve a port, as a sentence; empty if it does, or where nobody can tell."""
    if not can_tell():
        return ""
    try:
        entries = listening(port)
    except OSError:  # the kernel has no memory left to say it
        return ""
    if not entries:
        return f"port {port}: nobody listens"
    strangers = _strangers(entries, [pid])
    return f"port {port} is served by another program ({holder(strangers[0])})" if strangers else ""


def taken_by(port: int) -> str:
    """Who has a port that should be free, as a sentence; empty if nobody, or where nobody can tell."""
    if not port or not can_tell():
        return ""
    try:
        entries = listening(port)
    except OSError:  # the kernel has no memory left to say it
        return ""
    return f"port {port} is taken by another program ({holder(entries[0])})" if entries else ""


def _strangers(entries: Collection[Listening], pids: Iterable[int]) -> list[Listening]:
    """Those of the sockets that none of these processes has. Each must be theirs: a shared port is no proof."""
    left = {entry.inode: entry for entry in entries}
    for pid in pids:
        try:
            for inode in held(pid, left):
                del left[inode]
        except PermissionError:
            # Root without the right to look into others' processes: the account is what can be told.
            own_accounts = accounts(pid)
            left = {inode: entry for inode, entry in left.items() if entry.uid not in own_accounts}
        if not left:
            break
    return list(left.values())
