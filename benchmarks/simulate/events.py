"""The events of a seed: what people, timers and the world do, one after another. Equal seeds give equal events."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from benchmarks.simulate.process import Faults

STACK = "shop"
SHORTEST, LONGEST = 4, 10
"""Events of one seed."""
Verb = Literal["autoscale", "provision", "scale", "deploy", "rollback", "reconcile", "teardown"]
Accident = Literal["vanish", "sicken", "change", "double"]


@dataclass(frozen=True, slots=True)
class Command:
    """A run of a flow, and what befalls it. `beside`: the run that takes over while this one is paused, or that begins
    in the same moment."""

    verb: Verb
    parameters: Mapping[str, Any] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    beside: "Command | None" = None

    def __str__(self) -> str:
        words = [self.verb, *(f"{name}={value}" for name, value in self.parameters.items())]
        fault = f" [{self.faults}]" if str(self.faults) else ""
        return " ".join(words) + fault + (f" | {self.beside}" if self.beside else "")


@dataclass(frozen=True, slots=True)
class Drift:
    """The world changes something by itself; which thing, is a number that wraps around."""

    accident: Accident
    which: int

    def __str__(self) -> str:
        return f"world: {self.accident} {self.which}"


@dataclass(frozen=True, slots=True)
class Silence:
    """Time passes and no timer comes: its events are missed."""

    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:g} s without a tick"


Event = Command | Drift | Silence


def events_of(seed: int) -> tuple[Event, ...]:
    """What happens in the simulation of this seed. The first is a provision."""
    random = Random(seed)
    target = target_of(seed)
    first = Command("provision", {"spec": _spec(random, target)}, _faults(random))
    events = (_event(random, target) for _ in range(random.randint(SHORTEST, LONGEST)))
    return first, *_with_ticks(events, Random(f"ticks of {seed}"))


def target_of(seed: int) -> dict[str, Any]:
    """The target of a seed's stack: counted for odd seeds, and some are late."""
    random = Random(-seed - 1)
    late = {name: random.choice((0, 0, 2)) for name in ("late_outputs", "late_endings")}
    return {"provider": "memory", "counted": seed % 2 == 1, "price_per_replica": 10.0, **late}


def _with_ticks(events: Iterable[Event], random: Random) -> Iterator[Event]:
    """The events with checks of the scaler between some of them, each of which finds so many requests in flight."""
    for event in events:
        yield event
        if random.random() < 0.15:
            faults = Faults(kill_at=random.choice((0, 0, 2, 6)))
            yield Command("autoscale", {"in_flight": random.choice((0, 5, 30, 60))}, faults)


def _event(random: Random, target: Mapping[str, Any]) -> Event:
    chance = random.random()
    if chance < 0.2:
        return Drift(random.choice(("vanish", "vanish", "sicken", "change", "double")), random.randrange(100))
    if chance < 0.25:
        return Silence(random.choice((5.0, 60.0, 7200.0)))
    command = _command(random, target)
    if chance < 0.4:
        return Command(command.verb, command.parameters, Faults(), _command(random, target))
    if chance < 0.55:
        paused = Faults(pause_at=random.randint(1, 60))
        return Command(command.verb, command.parameters, paused, _command(random, target))
    return Command(command.verb, command.parameters, _faults(random))


def _command(random: Random, target: Mapping[str, Any]) -> Command:
    verb: Verb = random.choices(
        ("provision", "scale", "deploy", "rollback", "reconcile", "teardown"), (6, 4, 3, 2, 6, 2)
    )[0]
    match verb:
        case "provision":
            return Command(verb, {"spec": _spec(random, target)})
        case "scale":
            return Command(verb, {"stack": STACK, "service": "web", "replicas": random.randint(1, 7)})
        case "deploy":
            change = random.choice(
                (
                    {"env": {"DEPLOYED": str(random.randint(1, 3))}},
                    {"command": "false"},
                    {"command": "run"},
                    {"env": {"COLOUR": "green"}, "canary": 20, "bake": 5},
                )
            )
            return Command(verb, {"stack": STACK, "service": "web", **change})
        case "teardown":
            return Command(verb, {"stack": STACK, "delete_data": random.random() < 0.4})
        case "reconcile":
            return Command(verb)
    return Command(verb, {"stack": STACK})


def _spec(random: Random, target: Mapping[str, Any]) -> dict[str, Any]:
    """A spec; some are refused, since they say more than their budget allows, and some fail."""
    web: dict[str, Any] = {
        "command": random.choice(("run", "run", "run", "serve", "false")),
        "port": 80,
        "replicas": {"min": random.randint(1, 3), "max": 6},
        "env": {"COLOUR": random.choice(("red", "blue"))},
    }
    if random.random() < 0.2:
        web["before"] = "migrate"
    services = {"web": web}
    if random.random() < 0.5:
        services["worker"] = {"command": "work", "replicas": {"min": 1, "max": 3}}
        if not target["counted"] and random.random() < 0.4:
            services["worker"] = {"command": "work", "replicas": 1, "volumes": {"data": "/data"}}
    needs = {"database": "postgres"} if random.random() < 0.6 else {}
    if random.random() < 0.4:
        needs["cache"] = "valkey"
    money = {"budget": random.choice((25, 45, 1000))} if random.random() < 0.2 else {}
    return {"name": STACK, "target": target, "services": services, "needs": needs, **money}


def _faults(random: Random) -> Faults:
    chance = random.random()
    if chance < 0.35:
        return Faults()
    if chance < 0.65:
        return Faults(kill_at=random.randint(1, 80))
    times = random.choice((1, 1, 2, 9))
    if chance < 0.78:
        return Faults(lose_at=random.randint(1, 8), times=times)
    if chance < 0.88:
        return Faults(refuse_at=random.randint(1, 8), times=times)
    return Faults(stale_at=random.randint(1, 4))
