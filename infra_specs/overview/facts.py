"""What the status page, the report and /metrics are made from: plain data of one stack at one moment.

Times are seconds since the epoch, durations seconds, prices USD a month. None: not known, and never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra_specs.alerts.alert import Alert
from infra_specs.alerts.facts import Machine
from infra_specs.overview.debts import DueDebt
from infra_specs.releases.selection import ReleaseState

LATE_SECONDS = 240.0
"""A service that was last measured so long ago may be in any state now."""


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A service: what it is designed for, and what the last check measured of it."""

    name: str
    port: int | None
    wanted: int
    """Replicas."""
    today: int
    """Replicas that the users of the file need."""
    most: int
    """Replicas that there may be."""
    expected: float
    """Requests in flight at the peak of the file's users."""
    design: float
    """Requests in flight at the design capacity."""
    latency_limit: float | None = None
    seen: float | None = None
    """When it was measured last."""
    serving: int | None = None
    requests_per_second: float | None = None
    in_flight: float | None = None
    latency: float | None = None
    errors: float | None = None
    """Answers a second of 500 and more, and none at all."""
    reason: str = ""
    """Of the scaler's last decision: one sentence."""

    @property
    def is_slow(self) -> bool:
        """Whether it is slower than its file allows."""
        return self.latency is not None and self.latency_limit is not None and self.latency > self.latency_limit

    def is_late(self, moment: float) -> bool:
        """Whether it has a port, and was not measured for a while."""
        return self.port is not None and (self.seen is None or moment - self.seen > LATE_SECONDS)


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """A release without its content."""

    number: int
    state: ReleaseState
    verb: str
    reason: str
    who: str
    message: str
    since: float
    ended: float | None


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """A run, without its plan: what was done, by whom, and why. `state`: running, done, failed or crashed."""

    id: str
    verb: str
    reason: str
    who: str
    state: str
    message: str
    began: float
    ended: float | None
    changes: int
    """Changes that it made or tried."""


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """What a stack costs."""

    today: float | None = None
    design: float | None = None
    budget: float | None = None
    spent: float | None = None
    """USD in this calendar month so far."""


@dataclass(frozen=True, slots=True)
class NeedFacts:
    """A need and its size in bytes; of a database also the connections that it allows. `used`: of these connections,
    or of a queue's memory, by the last look of a minute."""

    name: str
    memory: int | None = None
    storage: int | None = None
    connections: int | None = None
    used: int | None = None


@dataclass(frozen=True, slots=True)
class StackFacts:
    """All of one stack. `fault`: why its spec cannot be read; then only its runs and releases are known."""

    name: str
    target: str
    wanted: bool
    since: float
    """When its spec, or that it is wanted, changed last."""
    users: int = 0
    headroom: float = 1.0
    services: tuple[ServiceFacts, ...] = ()
    needs: tuple[NeedFacts, ...] = ()
    price: PriceFacts = PriceFacts()
    releases: tuple[ReleaseFacts, ...] = ()
    """The newest first, as are the changes."""
    changes: tuple[ChangeFacts, ...] = ()
    debts: tuple[DueDebt, ...] = ()
    alerts: tuple[Alert, ...] = ()
    """Those that go on."""
    machines: Mapping[str, Machine] = field(default_factory=dict)
    """By name the machines that it runs on, as far as they were seen."""
    fault: str = ""
