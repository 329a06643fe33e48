"""What processes have used, from /proc: themselves, and those of their children that have ended."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
Sample = Mapping[int, "Used"]
"""Processes by their number, at one moment."""


@dataclass(frozen=True, slots=True)
class Used:
    """By one process since it began: seconds of CPU, and bytes written to disks. And its memory now (PSS, bytes)."""

    role: str
    parent: int
    seconds: float
    ended_seconds: float
    """Of its children that have ended, and theirs."""
    written: int
    """With that of its children that have ended."""
    memory: int


@dataclass(frozen=True, slots=True)
class Row:
    """One role over a while: seconds of CPU, bytes written, and its largest memory in bytes."""

    role: str
    seconds: float
    written: float
    memory: int


def sample(home: Path) -> Sample:
    """All processes of an installation: those that name its folder in their environment or their command line."""
    mark = f"={home}".encode()
    known = dict[int, Used]()
    for pid in _pids():
        try:
            environment = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
            is_ours = any(entry.endswith(mark) for entry in environment) or str(home) in _command(pid)
            if pid != os.getpid() and is_ours:
                known[pid] = _used(pid)
        except OSError:  # it ended meanwhile
            continue
    return known


def _used(pid: int) -> Used:
    folder = PROC / str(pid)
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    own, ended = (sum(map(int, fields[first : first + 2])) / TICKS for first in (11, 13))
    return Used(
        _role(pid, int(fields[1])), int(fields[1]), own, ended,
        _number(folder / "io", "write_bytes:"), _number(folder / "smaps_rollup", "Pss:") * 1024,
    )  # fmt: skip


def _number(file: Path, name: str) -> int:
    """The number after a name in a file of /proc; 0 for a process that has ended and was not waited for."""
    return next((int(line.split()[1]) for line in file.read_text().splitlines() if line.startswith(name)), 0)


def _role(pid: int, parent: int) -> str:
    """What a process does, as its command line tells."""
    command = _command(pid)
    if "tasks/supervisor" in command:
        return "supervisor" if command.rstrip().endswith("/control") else "supervisors of stacks"
    if "deployments.server api" in command or "prefect server start" in command or "prefect.server" in command:
        return "server"
    if "resource_tracker" in command:
        return "tracker of forks"
    if "forkserver" in command or "deployments.server runner" in command or "benchmarks.idle.bare" in command:
        if _command(parent) == command:
            return "forks"
        return "template" if "forkserver" in command else "serving process"
    return "new runs" if "prefect.engine" in command or "multiprocessing" in command else "stacks"


def _command(pid: int) -> str:
    return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def _pids() -> Iterator[int]:
    return (int(path.name) for path in PROC.iterdir() if path.name.isdecimal())


def rows(samples: Sequence[Sample]) -> tuple[Row, ...]:
    """What each role used between the first sample and the last, the most CPU first."""
    first, last = samples[0], samples[-1]
    seconds, written = defaultdict[str, float](float), defaultdict[str, float](float)
    for pid, end in last.items():
        began = first.get(pid)
        seconds[end.role] += end.seconds - (began.seconds if began else 0.0)
        seconds[_ended(end.role)] += end.ended_seconds - (began.ended_seconds if began else 0.0)
        written[end.role] += end.written - (began.written if began else 0)
    for gone in (first[pid] for pid in first.keys() - last.keys()):
        # Its parent has all of it now, with what it had used before.
        role = first[gone.parent].role if gone.parent in first else gone.role
        seconds[_ended(role)] -= gone.seconds + gone.ended_seconds
        written[role] -= gone.written
    memory = {role: max(_memory(each, (role,)) for each in samples) for role in {*seconds, *_roles(samples)}}
    all_rows = (Row(role, seconds[role], written[role], memory[role]) for role in memory)
    kept = (row for row in all_rows if row.seconds > 0.005 or row.memory)
    return tuple(sorted(kept, key=lambda row: -row.seconds))


def peak_memory(samples: Sequence[Sample], roles: Collection[str]) -> int:
    """The largest memory of these roles together at one moment, in bytes."""
    return max(_memory(one_sample, roles) for one_sample in samples)


def _memory(at: Sample, roles: Collection[str]) -> int:
    return sum(process.memory for process in at.values() if process.role in roles)


def _roles(samples: Sequence[Sample]) -> set[str]:
    return {process.role for at in samples for process in at.values()}


def _ended(role: str) -> str:
    return f"{role}: ended children"
