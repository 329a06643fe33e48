"""Which processes belong to one that is kept: its descendants, its session, and daemons that it left."""

import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tasks.supervisor.identity import guardian_of
from tasks.supervisor.listening import pids


@dataclass(frozen=True, slots=True)
class Entry:
    """A process in the kernel's table; `started` in ticks since the boot."""

    parent: int
    session: int
    started: int


@dataclass(frozen=True, slots=True)
class Kept:
    """One leader among all leaders of its supervisor. Orphans of those without an owner become the guardian's."""

    leader: int
    owner: int | None
    """Its parent, which adopts its orphans; None if it has none."""
    others: Collection[int]
    """The leaders of all others, and their owners."""
    supervisor: int
    guardian: int | None
    """None if it was killed and none took its place: an orphan is nobody's then."""


def family(process: Kept) -> Iterator[int]:
    """The leader first; the rest, which costs a look at every process of the machine, only when it is asked for."""
    yield process.leader
    table = read_table()
    for pid in table:
        if pid != process.leader and belongs(pid, process, table):
            yield pid


def descendants(leader: int) -> list[int]:
    """The pids of its children, and of theirs; without daemons, which have another parent. Only on Linux."""
    if sys.platform != "linux":
        return []
    table, known = read_table(), [leader]
    for parent in known:
        known += [pid for pid, entry in table.items() if entry.parent == parent]
    return known[1:]


def belongs(pid: int, process: Kept, table: Mapping[int, Entry]) -> bool:
    """Whether a process is of the leader's family.

    Its session or its chain of parents tells. A daemon (its parent ended, its session is its own) is its owner's child.
    Without an owner it is the guardian's: it counts if it began after the leader, and an earlier start's does not.
    """
    leader = table.get(process.leader)
    if leader is None or pid not in table or pid == process.owner:
        return False
    if table[pid].session == process.leader:
        return True
    ancestor = pid
    for _ in range(len(table)):
        if ancestor in (process.leader, process.owner):
            return True
        entry = table.get(ancestor)
        if entry is None or ancestor == process.supervisor or {ancestor, entry.session} & set(process.others):
            return False
        if entry.parent == process.guardian:
            return entry.started >= leader.started
        ancestor = entry.parent
    return False


def state_of(pid: int) -> str:
    """The kernel's letter for what a process does, as `S`; empty for one that is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return ""
    return stat[stat.rindex(b")") + 2 :].split()[0].decode()


def read_table() -> dict[int, Entry]:
    """Every process of the machine by its pid."""
    table = {}
    for pid in pids():
        with suppress(OSError), open(f"/proc/{pid}/stat", "rb", buffering=0) as file:  # noqa: PTH123 - one read
            stat = file.read()
            # The second field is the program's name in brackets and may hold anything, brackets too.
            fields = stat[stat.rindex(b")") + 2 :].split()
            table[pid] = Entry(int(fields[1]), int(fields[3]), int(fields[19]))
    return table


def kept_here(leader: int, owner: int | None, others: Collection[int]) -> Kept:
    """Seen from the supervisor's own process."""
    return Kept(leader, owner, others, os.getpid(), guardian_of(os.getpid()))
