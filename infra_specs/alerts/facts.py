"""What is known of one stack when its alerts are decided. None is not known now, and neither begins nor ends one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from infra_specs.stackfile.models.stack import Debt

STOPPING_VERBS = frozenset({"restore", "teardown"})
"""Runs that stop what serves."""


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """One service of a stack."""

    desired: int
    """Replicas that it shall have."""
    serving: int | None = None
    requests: float | None = None
    """In the last minutes."""
    errors: float | None = None
    """Of these, answers of 500 and more, and none at all."""
    latency: float | None = None
    """Seconds, the 95th percentile of now."""
    latency_limit: float | None = None
    limited_by: str | None = None
    """What held the count back when more was asked for; empty for nothing."""
    lengths: tuple[float, ...] = ()
    """What waits for it, the oldest first: one number for each look of the last hour."""
    served: float | None = None
    """When a copy of it was seen to serve last."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that the stack runs on: bytes of memory and of the disk that its data is on."""

    memory: int | None = None
    memory_free: int | None = None
    disk: int | None = None
    disk_free: int | None = None
    at: float = 0.0
    """When its target told of it last, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Work:
    """A run that holds the lock of the stack, `since` a moment (seconds since the epoch)."""

    verb: str
    since: float

    def may_stop(self, served: float | None) -> bool:
        """Whether it explains that something does not serve, which served last at this moment; None is never."""
        if self.verb in STOPPING_VERBS:
            return True
        return self.verb == "provision" and (served is None or served < self.since)


@dataclass(frozen=True, slots=True)
class Repair:
    """How the last reconciles of a stack ended."""

    failures: int = 0
    """So many failed since one that did not."""
    message: str = ""
    """Of the last one."""


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """How the backups of a stack are."""

    since: float
    """When its data began to be backed up, in seconds since the epoch."""
    proven: float | None = None
    """When the newest proven backup began; None if there is none."""
    failure: str = ""
    """Why the last one is not proven; empty if it is."""
    shrunk: str = ""
    """What fell by half in the newest proven one; empty for nothing."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Messages that wait although they were tried: how many, since when, and what came of the last try."""

    count: int
    since: float
    error: str


@dataclass(frozen=True, slots=True)
class StackFacts:
    """One stack, at `moment` (seconds since the epoch)."""

    stack: str
    moment: float
    is_released: bool = True
    """That a release of it was healthy once: before that its first run says what is wrong."""
    unreadable: str | None = ""
    """Why its target cannot be read; empty if it can."""
    services: Mapping[str, ServiceFacts] = field(default_factory=dict)
    needs: Mapping[str, bool | None] = field(default_factory=dict)
    """The proxy and each need -> whether it answers."""
    answered: Mapping[str, float] = field(default_factory=dict)
    """The proxy and each need -> when it was seen to answer last."""
    work: Work | None = None
    """The run that is at work on the stack."""
    machines: Mapping[str, Machine] = field(default_factory=dict)
    connections: tuple[int, int] | None = None
    """Connections of the database, and the most that it takes."""
    has_database: bool = False
    has_queue: bool = False
    queue: tuple[tuple[float, ...], int] | None = None
    """Bytes in the queue of its need, the newest last, and the most that it takes."""
    repair: Repair = Repair()
    certificates: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Host -> from when until when its certificate holds."""
    budget: float | None = None
    month_cost: float | None = None
    """USD that the month will have cost at the present counts."""
    debts: tuple[Debt, ...] = ()
    today: date = date(1970, 1, 1)
    backup: BackupFacts | None = None
    undelivered: Mapping[str, Undelivered] = field(default_factory=dict)
    """Receiver -> what waits for it."""
