"""Hosts side by side: a line each, and below it what is in the way."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.terminal.output import lay, say
from infra_specs.errors import ProviderError
from infra_specs.fleet.checks import Problem, fleet_problems, host_problems
from infra_specs.fleet.facts import HostFacts
from infra_specs.stackfile.models.units import size_text
from tasks.providers.hosts.read_facts import HostReading

Readings = Mapping[str, HostReading | ProviderError]
HEAD = ("HOST", "SYSTEM", "LOGIN", "CPUS", "MEMORY FREE", "DISK FREE", "CLOCK", "ENGINE", "SWARM")
_LOGIN = {"root": "root", "free": "sudo", "password": "sudo asks", "missing": "no sudo"}
_GIGABYTE = 2**30


@dataclass(frozen=True, slots=True)
class FleetLook:
    """A fleet, the stacks that stand on it, and its hosts. Those of a file alone are of no fleet yet."""

    fleet: str
    stacks: tuple[str, ...]
    readings: Readings


def show_fleets(to: Console, looks: Sequence[FleetLook]) -> None:
    """The hosts of each fleet below its name."""
    if not looks:
        say(to, "No fleet yet. A stack whose target lists hosts makes one.")
    for look in looks:
        if look.fleet:
            stacks = f" with {', '.join(look.stacks)}" if look.stacks else ", on which no stack stands"
            say(to, Text.assemble((look.fleet, "bold"), stacks))
        show(to, look.readings)


def fleets_data(looks: Sequence[FleetLook]) -> dict[str, Any]:
    """The same as JSON data."""
    return {"fleets": [{"name": look.fleet, "stacks": list(look.stacks), **data(look.readings)} for look in looks]}


def show(to: Console, readings: Readings) -> None:
    """A table of the hosts that could be looked at, the others with their reasons, and the problems of all."""
    seen = _seen(readings)
    if seen:
        lay(to, [tuple(Text(word, "dim") for word in HEAD), *(_row(host, seen[host]) for host in seen)])
    for reading in readings.values():
        if isinstance(reading, ProviderError):
            say(to, Text(str(reading), "red"), indent=2)
    problems = _problems(seen)
    for title, blocks, style in (("In the way:", True, "red"), ("Good to know:", False, "yellow")):
        listed = [problem for problem in problems if problem.blocks is blocks]
        if listed:
            say(to, Text(title, "bold"))
            for problem in listed:
                say(to, Text(str(problem), style), indent=2)
    if seen and len(seen) == len(readings) and not any(problem.blocks for problem in problems):
        say(to, Text("Nothing is in the way.", "green"))


def data(readings: Readings) -> dict[str, Any]:
    """The same as JSON data; sizes in bytes."""
    seen = _seen(readings)
    return {
        "hosts": {host: _host_data(reading) for host, reading in readings.items()},
        "problems": [asdict(problem) for problem in _problems(seen)],
    }


def _seen(readings: Readings) -> dict[str, HostReading]:
    return {host: reading for host, reading in readings.items() if isinstance(reading, HostReading)}


def _problems(seen: Mapping[str, HostReading]) -> tuple[Problem, ...]:
    of_hosts = [problem for host, look in seen.items() for problem in host_problems(host, look.facts, look.clock_error)]
    return (*of_hosts, *fleet_problems({host: look.facts for host, look in seen.items()}))


def _row(host: str, reading: HostReading) -> tuple[str, ...]:
    facts = reading.facts
    return (
        host,
        facts.title,
        facts.user if facts.sudo == "root" else f"{facts.user}, {_LOGIN[facts.sudo]}",
        str(facts.cpus),
        f"{_size(facts.memory_free)} of {_size(facts.memory)}",
        f"{_size(facts.disk_free)} of {_size(facts.disk)}",
        "well" if abs(reading.clock_error) < 2 else f"{reading.clock_error:+.0f} s",
        _engine(facts),
        _swarm(facts),
    )


def _engine(facts: HostFacts) -> str:
    if facts.engine is None:
        return "none"
    return facts.engine.version if facts.engine.answers else "does not answer"


def _swarm(facts: HostFacts) -> str:
    swarm = facts.engine.swarm if facts.engine else None
    if swarm is None or swarm.state == "inactive":
        return "none"
    if swarm.state != "active":
        return swarm.state
    return "manager" if swarm.is_manager else "worker"


def _host_data(reading: HostReading | ProviderError) -> dict[str, Any]:
    if isinstance(reading, ProviderError):
        return {"error": str(reading)}
    facts = asdict(reading.facts)
    facts["ports"] = sorted(reading.facts.ports)
    if (engine := facts["engine"]) and engine["swarm"]:
        engine["swarm"]["managers"] = sorted(engine["swarm"]["managers"])
    return {"facts": facts, "clock_error": reading.clock_error}


def _size(size: int) -> str:
    return f"{size / _GIGABYTE:.1f} GB" if size >= _GIGABYTE else size_text(size // 2**20 * 2**20)
