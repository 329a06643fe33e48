"""The words that a supervisor and its clients share: what to run, and how it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

VERSION = 5
"""Of the words below and of the verbs: counted up with each that an earlier supervisor does not know."""

State = Literal["starting", "healthy", "unready", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Probe:
    """How a process is asked whether it is well.

    Asked every 50 ms at first until it answers, and then ever more rarely, but twice a second at least; once it has
    answered every `interval`, every two seconds at most after a minute without a fault, and every half second while it
    does not answer.
    """

    kind: Literal["tcp", "http", "command", "socket", "postgres", "valkey"]
    port: int = 0
    """On 127.0.0.1. For command: the port that it asks, 0 if none. For socket: a port that it must serve, too.

    An answer counts only if the process's own family listens there (Linux; elsewhere nobody can tell).
    """
    path: str = "/"
    """For http: the path that must answer 200. For socket: the file of a unix socket where `GET /ready` must."""
    command: tuple[str, ...] = ()
    """For command: what must exit with 0; run as the process's own user."""
    user: str = ""
    """For postgres and valkey: whom it is asked as; no password is sent, and that it asks for one is an answer."""
    database: str = ""
    """For postgres: the database that is asked for."""
    interval: float = 1.0
    timeout: float = 2.0
    threshold: int = 5
    """Failed probes in a row after which a process that was healthy is `failed`, or `unready` if it may be busy."""
    may_be_busy: bool = False
    """Whether one that answered and does not any more may be at work: it is `unready`, and `failed` only once all that
    serve its port are stopped (state T)."""
    start_seconds: float = 60.0
    """Time after which a process that never answered is `failed`."""
    patience: float = 0.0
    """Seconds of silence after which a process that hangs is killed with its children and started again; 0 is never.

    Counted from its last answer, over at least three probes without any. One that works is waited for six times as
    long (`hang`). An answer that is not well is an answer.
    """
    start_note: str = ""
    """What a reason adds to `start_seconds`: which key sets it."""


@dataclass(frozen=True, slots=True)
class Process:
    """One thing to keep running. `name` is unique within a supervisor."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    """The whole environment: nothing is inherited."""
    cwd: str = "/"
    user: str | None = None
    """The account that it runs as: another than the supervisor's own only where that is root's; None is its own.

    It gets that account's first group alone, and no program that it runs gives it more power (`sudo`, say). Its log is
    opened before, so it need not be able to reach it.
    """
    reads: tuple[str, ...] = ()
    """Folders and files that `user` gets a way to, though a folder above them is closed to it: to read, not to write.

    Nothing else of the closed folder can be reached. A path through a link that is neither root's nor the supervisor's
    gets no way: the link's owner could let it lead anywhere.
    """
    writes: tuple[str, ...] = ()
    """As `reads`, of what the account may write as far as their modes let it.

    One that its owner alone can read is shown as if it, and all of that owner in it, were the account's own.
    """
    hides: tuple[str, ...] = ()
    """Folders that `user` is kept from though they lie in such a folder."""
    low_ports: bool = False
    """Whether `user` may listen on ports below 1024, as far as the supervisor may."""
    log: str = ""
    """The file that gets its stdout and stderr; rotated by the supervisor. Empty: one in the supervisor's folder."""
    prepare: tuple[tuple[str, ...], ...] = ()
    """Commands run to their end, in order, before each start (each must be quick when there is nothing to do).

    They run as the process does. One that an earlier supervisor began is waited for, then all begin anew.
    """
    listen: int = 0
    """A port on 127.0.0.1 that the supervisor binds before the first start and holds until `stop` or `remove`.
    `replace` hands it on.

    Each start of `argv` gets the listening socket as descriptor 3 and TENFOLD_LISTEN_FD=3 in its environment;
    preparations and probes do not. Connections wait in the socket's backlog while the process is down. 0 is none.
    """
    needs: tuple[int, ...] = ()
    """Ports on loopback that it is told of, with passwords perhaps: each start waits until they are proven.

    Proven is a port whose own process here, the one with a probe of it, is healthy.
    """
    probe: Probe | None = None
    """Without one a process is healthy once it has run for a second."""
    stop_signal: str = "SIGTERM"
    stop_group: bool = False
    """Send the stop signal to the whole process group rather than to the process alone."""
    stop_seconds: float = 10.0
    """Time after which the process group is killed."""
    restarts: int = 5
    """Failed starts in a row (ended before it was healthy) after which it is `failed` and rests."""
    once: bool = False
    """It runs to its end, once: `starting` until then, `healthy` if it ended with 0, else `failed`.

    Stays so, whatever becomes of its supervisor. One that is cut off, or whose end nobody saw, has failed.
    """
    owned: bool = False
    """Whether all that it started ends with it, detached or not. Else what left its process group runs on.

    It is the child of an owner, a small process that adopts its orphans, and has a mark in its environment. A
    supervisor that it started, and what that keeps, runs on all the same. Linux alone: elsewhere nobody can tell.
    """
    labels: Mapping[str, Any] = field(default_factory=dict)
    """JSON data that the client keeps with it, and may replace while it runs."""

    @property
    def probe_port(self) -> int:
        """The port that its probe asks; 0 if it asks none."""
        return self.probe.port if self.probe else 0


@dataclass(frozen=True, slots=True)
class End:
    """One end of a process, or one failed start, that nobody asked for."""

    at: float
    """Seconds since the epoch."""
    how: str
    code: int | None = None
    """What it ended with, as shells count; None if nobody saw it, it never began, or it hung and was killed."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a process is now."""

    process: Process
    state: State
    reason: str
    since: float
    """Seconds since the epoch at which the state was entered."""
    pid: int | None
    restarts: int
    """Starts after the first, in all."""
    code: int | None = None
    """What one that ran once ended with, as shells count; None before, and if nobody saw it."""
    ends: tuple[End, ...] = ()
    """The last of its ends that its supervisor saw, the oldest first."""
