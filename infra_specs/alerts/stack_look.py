"""What a target was seen to say of a stack, once a minute: what answers, what is full, and what waits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from infra_specs.alerts.facts import Machine
from infra_specs.resources.address import Address
from infra_specs.resources.instance import Instance
from infra_specs.resources.services import service_of, serving_copies

EVERY_SECONDS = 60.0
OLD_SECONDS = 300.0
"""A look that is older tells nothing of now."""
LENGTH_SECONDS = 300.0
"""Between two lengths that are kept of what waits."""
LENGTHS_SECONDS = 3600.0
"""For so long they are kept."""
GONE_SECONDS = 3600.0
"""A machine of which its target tells nothing for so long, although it answers, is there no more."""
SERVED_SECONDS = 7 * 86_400.0
"""For so long it is known that something served."""

Lengths = tuple[tuple[float, float], ...]
"""When, and how much waited."""


@dataclass(frozen=True, slots=True)
class StackLook:
    """One look at one stack, `at` a moment (seconds since the epoch). None is not known."""

    at: float
    fault: str = ""
    """Why the target did not answer."""
    serving: Mapping[str, int] = field(default_factory=dict)
    needs: Mapping[str, bool | None] = field(default_factory=dict)
    machines: Mapping[str, Machine] = field(default_factory=dict)
    connections: tuple[int, int] | None = None
    queue: tuple[int, int] | None = None
    """Bytes in the queue, and the most that it takes."""
    lengths: Mapping[str, Lengths] = field(default_factory=dict)
    """Service -> what waited for it; bytes in the queue under the empty name."""
    served: Mapping[str, float] = field(default_factory=dict)
    """Service -> when a copy of it was seen to serve last."""
    answered: Mapping[str, float] = field(default_factory=dict)
    """The proxy and each need -> when it was seen to answer last."""

    def tells(self, moment: float) -> bool:
        """Whether it tells of a moment."""
        return 0 <= moment - self.at < OLD_SECONDS

    def is_due(self, moment: float) -> bool:
        """Whether the next look is due; a clock may be set back."""
        return not 0 <= moment - self.at < EVERY_SECONDS

    def lengths_of(self, service: str) -> tuple[float, ...]:
        """What waited for a service, the oldest first."""
        return tuple(length for _, length in self.lengths.get(service, ()))


def need_of(address: str) -> str | None:
    """`proxy`, `database`, `cache` or `queue`, if that is what is at an address."""
    kind = Address.parse(address).kind
    return kind if kind in ("proxy", "database", "cache", "queue") else None


def observed(at: float, instances: Iterable[Instance]) -> StackLook:
    """What the instances of a stack say: how many copies of each service serve, and which of its needs answer."""
    known = tuple(instances)
    serving = dict.fromkeys(filter(None, (service_of(instance.address) for instance in known)), 0)
    answers: dict[str, bool | None] = {}
    for instance in known:
        if (need := need_of(instance.address)) is not None:
            answers[need] = _either(answers.get(need, False), _answers(instance))
    return StackLook(at, serving={**serving, **serving_copies(known)}, needs=answers)


def failed(at: float, fault: str, before: StackLook | None) -> StackLook:
    """A look to which no target answered: all that was known before is there, and not known now."""
    return StackLook(at, fault) if before is None else replace(unknown(before), at=at, fault=fault)


def unknown(look: StackLook) -> StackLook:
    """The look with everything that it tells of now unknown, and nothing forgotten."""
    machines = {name: Machine(at=machine.at) for name, machine in look.machines.items()}
    needs = dict.fromkeys(look.needs)
    return replace(look, serving={}, needs=needs, machines=machines, connections=None, queue=None)


def continued(look: StackLook, before: StackLook | None) -> StackLook:
    """The look with what earlier ones knew: silent machines, and when something served last."""
    earlier = unknown(before) if before else StackLook(look.at)
    silent = {name: machine for name, machine in earlier.machines.items() if look.at - machine.at < GONE_SECONDS}
    told = {name: replace(machine, at=look.at) for name, machine in look.machines.items()}
    serving = (name for name, count in look.serving.items() if count)
    answering = (name for name, answers in look.needs.items() if answers)
    return replace(
        look,
        machines={**silent, **told},
        served=_seen_last(earlier.served, serving, look.at),
        answered=_seen_last(earlier.answered, answering, look.at),
    )


def _seen_last(before: Mapping[str, float], now: Iterable[str], at: float) -> dict[str, float]:
    recent = {name: past for name, past in before.items() if at - past < SERVED_SECONDS}
    return recent | dict.fromkeys(now, at)


def _answers(instance: Instance) -> bool | None:
    """Whether it answers; None while it starts."""
    return None if instance.health.state == "starting" else instance.health.state == "healthy"


def _either(first: bool | None, second: bool | None) -> bool | None:
    if first or second:
        return True
    return None if first is None or second is None else False


def with_lengths(look: StackLook, before: StackLook | None, measured: Mapping[str, float]) -> StackLook:
    """The look with what waits now, and what waited at earlier looks of the last hour."""
    now = dict(measured)
    if look.queue is not None:
        now[""] = float(look.queue[0])
    earlier = before.lengths if before else {}
    lengths = {name: _added(earlier.get(name, ()), look.at, length) for name, length in now.items()}
    return replace(look, lengths=lengths)


def _added(lengths: Lengths, at: float, length: float) -> Lengths:
    recent = tuple(past for past in lengths if 0 <= at - past[0] <= LENGTHS_SECONDS)
    if recent and at - recent[-1][0] < LENGTH_SECONDS:
        return recent
    return (*recent, (at, length))
