"""Look at what the control plane meets on its machine, and tell what is not well of its processes."""

import time
from contextlib import suppress
from pathlib import Path

from deployments.server.plane_faults import Surroundings, fault_of
from infra_specs.errors import TenfoldError
from tasks.base.clock import now
from tasks.base.file_locks import writers
from tasks.base.homes import prefect_home
from tasks.providers.control_group import MOUNTED, group_memory
from tasks.supervisor.client import Supervisor
from tasks.supervisor.family import descendants
from tasks.supervisor.identity import guardian_of

LOG_LINES = 8
LONG_SECONDS = 0.3
"""Who writes holds a lock for less."""


def plane_faults(supervisor: Supervisor, home: Path) -> tuple[str, ...]:
    """What is to be said of the control plane's processes, a paragraph each; nothing if all are well."""
    try:
        statuses, own = supervisor.list(), supervisor.pid()
    except TenfoldError:
        return ()  # it is ending, or starting again this moment
    around = Surroundings(_memory_megabytes(own), _lockers(home, own))
    faults = (fault_of(status, supervisor.logs(status.process.name, LOG_LINES), around, now()) for status in statuses)
    return tuple(filter(None, faults))


def _memory_megabytes(pid: int) -> int | None:
    """The smallest limit of the control groups that a process is in."""
    limits = [memory.total for memory in group_memory(Path(f"/proc/{pid}/cgroup"), MOUNTED)]
    return min(limits) // 2**20 if limits else None


def _lockers(home: Path, supervisor: int) -> tuple[str, ...]:
    """The programs that lock a database of the control plane, and that its supervisor did not start."""
    bases = (prefect_home(home) / "prefect.db", home / "ledger.db")
    files = [path.with_name(path.name + ending) for path in bases for ending in ("", "-shm")]
    before = {pid for path in files for pid in writers(path)}
    if not before:
        return ()
    time.sleep(LONG_SECONDS)
    after = {pid for path in files for pid in writers(path)}
    ours = {supervisor, guardian_of(supervisor), *descendants(supervisor)}
    return tuple(f"{_program(pid)} (pid {pid})" for pid in sorted((before & after) - ours))


def _program(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return "a process"
