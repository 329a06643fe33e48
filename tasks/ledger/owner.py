"""Who holds a lock: which process, on which machine, for which run."""

import getpass
import os
import socket
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tasks.supervisor.identity import identify


@dataclass(frozen=True, slots=True)
class Owner:
    """One process at work on a stack. `started` and `boot` tell it from a later one with the same pid."""

    verb: str
    who: str
    host: str
    pid: int
    started: str | None = None
    boot: str | None = None
    namespace: str | None = None
    """The pid namespace: containers of one machine share its boot, and their pids mean nothing to one another."""
    flow_run_id: str | None = None

    @classmethod
    def here(cls, verb: str, flow_run_id: str | None = None) -> "Owner":
        """This process."""
        me = identify(os.getpid())
        started, boot = (me.started, me.boot) if me else (None, None)
        return cls(verb, _user(), socket.gethostname(), os.getpid(), started, boot, namespace(), flow_run_id)

    def __str__(self) -> str:
        run = f", flow run {self.flow_run_id}" if self.flow_run_id else ""
        return f"{self.verb} ({self.who} on {self.host}, pid {self.pid}{run})"


def owner_from(data: Any) -> Owner:
    """The owner of a stored row; "somebody" for a broken one."""
    if not isinstance(data, dict):
        return Owner("unknown", "somebody", "", 0)
    known: Any = {field.name: data.get(field.name) for field in fields(Owner)}
    return Owner(**known)


def namespace() -> str | None:
    """The pid namespace that this process lives in; None where there is no such thing."""
    return str(Path("/proc/self/ns/pid").readlink()) if sys.platform == "linux" else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's uid often has no name
        return f"uid {os.getuid()}"
