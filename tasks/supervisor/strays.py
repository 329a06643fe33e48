"""Orphans that no owner has: of programs that an earlier version started, or whose owner was killed."""

import json
import os
import signal
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from tasks.base.atomic_write import replace_file
from tasks.supervisor.family import read_table
from tasks.supervisor.folder import STRAYS
from tasks.supervisor.identity import Identity, guardian_of, identify
from tasks.supervisor.mark import is_kept_elsewhere, is_supervisor

_SECONDS = 10.0
_POLL_SECONDS = 0.005


def strays_of(folder: Path, supervisor: int, kept: Collection[int], mark: str) -> list[Identity]:
    """The guardian's children that are neither the supervisor nor `kept`, and those that were noted before.

    A supervisor of another folder, and what has another process's mark, is none. Linux alone.
    """
    guardian = guardian_of(supervisor)
    table = read_table() if guardian and Path("/proc/self/stat").exists() else {}
    orphans = [pid for pid, entry in table.items() if entry.parent == guardian and pid not in (supervisor, *kept)]
    found = [identity for pid in orphans if not is_kept_elsewhere(pid, mark) and (identity := identify(pid))]
    return [*found, *(identity for identity in _noted(folder) if identify(identity.pid) == identity)]


def detached_by(leader: int) -> list[Identity]:
    """All that a process started, as far as their parents still tell, but no supervisor and nothing that one keeps."""
    table = read_table() if Path("/proc/self/stat").exists() else {}
    found: list[int] = []
    generation = [leader]
    while generation:
        children = [pid for pid, entry in table.items() if entry.parent in generation]
        generation = [pid for pid in children if pid not in found and not is_supervisor(pid)]
        found += generation
    return [identity for pid in found if (identity := identify(pid))]


def note_strays(folder: Path, strays: Iterable[Identity]) -> None:
    """Remember them: their guardian is about to be killed, and they become another's children."""
    if noted := [asdict(identity) for identity in strays]:
        replace_file(folder / STRAYS, json.dumps(noted).encode())


def end_strays(strays: Iterable[Identity]) -> list[int]:
    """Kill them, and return when all are gone; the pids that could not be ended in time."""
    deadline = time.monotonic() + _SECONDS
    while left := [identity for identity in strays if identify(identity.pid) == identity]:
        for identity in left:
            _kill(identity)
        if time.monotonic() >= deadline:
            break
        time.sleep(_POLL_SECONDS)
    return [identity.pid for identity in left]


def _noted(folder: Path) -> list[Identity]:
    try:
        return [Identity(**data) for data in json.loads((folder / STRAYS).read_text())]
    except (FileNotFoundError, ValueError, TypeError):
        return []


def _kill(identity: Identity) -> None:
    with suppress(OSError):
        descriptor = os.pidfd_open(identity.pid)
        try:
            # Compared once it is held: its pid may be another's by now.
            if identify(identity.pid) == identity:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)
