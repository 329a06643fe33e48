"""What was observed: an instance of a resource, and how well it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from infra_specs.resources.address import Address

State = Literal["starting", "healthy", "unready", "failed", "ending"]
"""`unready`: it has answered and does not now, but its process runs: it may be busy. `ending`: it is certain to go and
takes its time, so it counts as gone, but its name is not free yet."""


@dataclass(frozen=True, slots=True)
class Health:
    """How an instance is. `failed` and `unready` are said only past a threshold, never after one slow probe."""

    state: State
    reason: str
    since: float
    """Seconds since the epoch at which the state was entered; of `unready` the last answer, as far as it is known."""
    code: int | None = None
    """Of a job that is over: what it ended with, as shells count; None if nobody saw it."""


@dataclass(frozen=True, slots=True)
class Member:
    """One copy of a counted service: where it answers, and whether it serves. It has no address of its own."""

    name: str
    """What its target calls it: a task's id."""
    endpoint: str = ""
    healthy: bool = True
    machine: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """One thing that a target holds and that is labelled ours.

    `incarnation` counts from 1 within an address, so that a sick instance and its successor can stand side by side.
    `digests`, `bindings` and `after` are those of the resource it was made from; `outputs` is what others refer to
    (no secret among them). `members` are the copies of a counted service that run; anything else has none.
    """

    stack: str
    address: str
    kind: str
    fingerprint: str
    incarnation: int
    health: Health
    digests: Mapping[str, str] = field(default_factory=dict)
    bindings: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    stateful: bool = False
    drain_seconds: float = 0.0
    members: tuple[Member, ...] = ()
    in_flight: int = 0
    """Requests that its proxy has under way in it, where that was asked."""
    restarts: int = 0
    """How often its program was started again by itself after it had ended."""

    @property
    def failed(self) -> bool:
        return self.health.state == "failed"

    @property
    def unready(self) -> bool:
        """It has answered and does not now. That alone is no reason to stop it: a request may be in it."""
        return self.health.state == "unready"

    @property
    def ending(self) -> bool:
        """It is certain to go: a plan neither keeps it nor takes it for present."""
        return self.health.state == "ending"

    @property
    def live(self) -> bool:
        """It serves, or may yet: neither failed nor ending."""
        return not self.failed and not self.ending

    @property
    def short(self) -> str:
        """The name without its kind: `web-0`, `web-0#2`."""
        return self._numbered(Address.parse(self.address).short)

    def __str__(self) -> str:
        return self._numbered(self.address)

    def _numbered(self, name: str) -> str:
        return name if self.incarnation == 1 else f"{name}#{self.incarnation}"


def links_of(instances: Iterable[Instance]) -> dict[str, str]:
    """Service -> where it answers. Routes to files are left out."""
    routes = (instance for instance in instances if instance.kind == "route" and instance.outputs.get("url"))
    addresses = ((Address.parse(route.address), route.outputs["url"]) for route in routes)
    return {address.name: url for address, url in addresses if address.slot is None}
