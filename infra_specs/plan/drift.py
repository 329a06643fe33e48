"""When a stack is looked at for drift that its target told of. Moments are seconds of a clock that nobody sets.

A look waits a moment for what comes with an event, and for what may make it needless: a restart in place, or an
answer. Between two looks of a stack passes some time, and what rests after a failure is not looked at before its time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from infra_specs.plan.unready import SUCCESSOR_SECONDS
from infra_specs.resources.address import Address
from infra_specs.resources.services import REPLICA

GATHER_SECONDS = 0.2
"""What ends together is looked at together."""
RESTART_SECONDS = 10.0
"""What is started again in its place is up by then, or never."""
SILENT_SECONDS = 30.0
"""For so long a need or a proxy may be silent: its supervisor ends it meanwhile, and starts it again."""
GAP_SECONDS = 3.0
"""Between the beginnings of two looks of one stack: a storm of events is one look, and one more after it."""
Told = Literal["ended", "down", "silent", "unready", "missed", "restarts", "stopped", "well"]


@dataclass(frozen=True, slots=True)
class Event:
    """What a target told of one instance of a stack, or of all of them: then the address is empty.

    ended     it has ended or is gone, and nobody starts it again
    down      it has ended, and the control plane starts it again in its place
    silent    its process runs, and it is no more than that
    unready   it has answered, does not now, and may be busy
    missed    for a while the target was not heard: anything may have happened
    restarts  it has ended, and the target starts it again
    stopped   one of our runs ended it
    well      it serves
    """

    stack: str
    address: str
    told: Told
    reason: str = ""

    def __str__(self) -> str:
        return " ".join(word for word in (self.address or "its target", self.reason or self.told) if word)


@dataclass(frozen=True, slots=True)
class Look:
    """A look that is due at a moment, and why."""

    at: float
    reason: str


Looks = Mapping[str, Look]
"""The looks that are due of one stack, by address."""


def delay(event: Event) -> float | None:
    """Seconds from an event to the look that it causes; None if it causes none."""
    if event.told in ("restarts", "stopped", "well"):
        return None
    if not event.address:
        return GATHER_SECONDS
    kind = Address.parse(event.address).kind
    if kind == "job":  # who runs it sees its end
        return None
    if event.told == "silent":
        return GATHER_SECONDS if kind == REPLICA else SILENT_SECONDS
    return {"down": RESTART_SECONDS, "unready": SUCCESSOR_SECONDS + 1.0}.get(event.told, GATHER_SECONDS)


def noted(looks: Looks, event: Event, moment: float) -> Looks:
    """The looks that are due once an event came at `moment`. An instance that is well needs none any more."""
    if event.told == "well":
        return {address: look for address, look in looks.items() if address != event.address}
    seconds, due = delay(event), looks.get(event.address)
    if seconds is None or (due and due.at <= moment + seconds):
        return looks
    return {**looks, event.address: Look(moment + seconds, str(event))}


@dataclass(frozen=True, slots=True)
class Pause:
    """What of a stack is not looked at for now: moments at which that is over."""

    stack_until: float = 0.0
    addresses: Mapping[str, float] | None = None
    """Address -> until when it rests after failures."""


def look_at(looks: Looks, pause: Pause, last: float | None) -> float | None:
    """The moment of the next look of a stack, of which one began last at `last`; None if none is due."""
    resting = pause.addresses or {}
    earliest = min((max(look.at, resting.get(address, 0.0)) for address, look in looks.items()), default=None)
    if earliest is None:
        return None
    return max(earliest, pause.stack_until, last + GAP_SECONDS if last is not None else earliest)


def left(looks: Looks, moment: float) -> Looks:
    """The looks that are still due after one that begins at `moment`."""
    return {address: look for address, look in looks.items() if look.at > moment}
