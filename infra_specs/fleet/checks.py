"""What is in the way of a host becoming part of a fleet, and what is only good to know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra_specs.fleet.facts import HostFacts

OLDEST = {"debian": (11,), "ubuntu": (20, 4)}
"""The oldest release of each distribution whose own packages have an engine that will do."""
OLDEST_ENGINE = (20, 10)
LEAST_DISK = 4 * 2**30
"""Bytes: the engine takes half a gigabyte, and a stack's images need room twice while a release changes."""
LEAST_MEMORY = 900 * 2**20
"""Bytes: less than a machine of 1 GB has once its kernel took its part is scarce for an engine and a stack."""
MOST_CLOCK_SECONDS = 60
"""A clock that is further off breaks certificates of the hosts for each other."""
SWARM_PORTS = (2377, 7946)
"""TCP ports that members of a Swarm talk on."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about one host. `blocks`: it cannot become part of a fleet as it is."""

    host: str
    text: str
    blocks: bool

    def __str__(self) -> str:
        return f"{self.host}: {self.text}"


def clock_error(clock: float, before: float, after: float) -> float:
    """Seconds that a host's clock is ahead of ours (behind: negative), if it was read between two moments of ours.

    A clock is read in whole seconds, and when within the two moments is not known: both count for it.
    """
    if clock + 1 < before:
        return clock + 1 - before
    return max(0.0, clock - after)


def host_problems(host: str, facts: HostFacts, clock_error: float) -> tuple[Problem, ...]:
    """What is in the way on one host comes first, then what is good to know."""
    blocking = (Problem(host, text, blocks=True) for text in _in_the_way(facts, clock_error))
    notes = (Problem(host, text, blocks=False) for text in _to_know(facts))
    return (*blocking, *notes)


def fleet_problems(facts: Mapping[str, HostFacts]) -> tuple[Problem, ...]:
    """What hosts are to each other: members of several Swarms, and of several kinds."""
    return (*_swarms(facts), *_processors(facts))


def _in_the_way(facts: HostFacts, clock_error: float) -> Iterator[str]:
    if facts.distribution not in OLDEST:
        yield f"runs {facts.title or 'an unknown system'}, and Debian or Ubuntu is needed."
    elif _version(facts.release) < OLDEST[facts.distribution]:
        oldest = {"debian": "Debian 11", "ubuntu": "Ubuntu 20.04"}[facts.distribution]
        yield f"runs {facts.title}, which is too old: {oldest} or newer is needed."
    if not facts.has_systemd:
        yield "has no systemd, which starts the engine when the host starts."
    if facts.sudo == "password":
        yield (
            f"sudo asks {facts.user} for a password. As root, write into /etc/sudoers.d/tenfold: {facts.user} "
            "ALL=(ALL) NOPASSWD: ALL"
        )
    if facts.sudo == "missing":
        yield f"{facts.user} is not root, and there is no sudo. Install it (apt install sudo), or let `user` be root."
    if facts.disk_free < LEAST_DISK:
        yield f"has {_gigabytes(facts.disk_free)} of disk left, and {_gigabytes(LEAST_DISK)} are needed. Make room."
    if abs(clock_error) > MOST_CLOCK_SECONDS:
        side = "ahead of" if clock_error > 0 else "behind"
        yield f"its clock is {abs(clock_error):.0f} s {side} ours. Set it: timedatectl set-ntp true"
    if facts.engine and facts.engine.answers and _version(facts.engine.version) < OLDEST_ENGINE:
        yield f"its Docker Engine is {facts.engine.version}, and 20.10 or newer is needed. Update it."
    taken = [] if _is_member(facts) else sorted(facts.ports.intersection(SWARM_PORTS))
    if taken:
        yield f"something listens on port {' and '.join(map(str, taken))}, which Docker Swarm needs. Stop it."


def _to_know(facts: HostFacts) -> Iterator[str]:
    if facts.memory < LEAST_MEMORY:
        yield f"has {facts.memory // 2**20} MB of memory, which is scarce for an engine and a stack."
    if facts.firewall:
        yield (
            f"{facts.firewall} is active and stays as it is. Between the hosts it must let through TCP 2377 and 7946 "
            "and UDP 7946 and 4789."
        )
    if facts.engine and not facts.engine.answers and facts.sudo in ("root", "free"):
        yield "a Docker Engine is installed and does not answer."
    if facts.engine and facts.engine.containers and not _is_member(facts):
        yield f"has {facts.engine.containers} containers already, which stay."


def _swarms(facts: Mapping[str, HostFacts]) -> Iterator[Problem]:
    """Managers know which Swarm they are in; a worker is in that of the managers it knows."""
    by_swarm: dict[str, list[str]] = {}
    for host, told in facts.items():
        swarm = told.engine.swarm if told.engine else None
        if swarm is not None and swarm.cluster:
            by_swarm.setdefault(swarm.cluster, []).append(host)
    if len(by_swarm) < 2:
        return
    most = max(by_swarm.values(), key=len)
    for hosts in by_swarm.values():
        for host in hosts if hosts is not most else ():
            yield Problem(
                host,
                f"is in another Swarm than {most[0]}. Let it leave that one (docker swarm leave --force), which ends "
                "what runs there, or take it out of the list.",
                blocks=True,
            )


def _processors(facts: Mapping[str, HostFacts]) -> Iterator[Problem]:
    first = next(iter(facts.items()), None)
    for host, told in facts.items():
        if first and told.processor != first[1].processor:
            yield Problem(
                host,
                f"has another processor ({told.processor}) than {first[0]} ({first[1].processor}): images must be "
                "there for both.",
                blocks=False,
            )


def _is_member(facts: HostFacts) -> bool:
    return bool(facts.engine and facts.engine.swarm and facts.engine.swarm.state != "inactive")


def _version(text: str) -> tuple[int, ...]:
    """The numbers at the beginning of a version; none of a text without any."""
    numbers = list[int]()
    for part in text.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)


def _gigabytes(size: int) -> str:
    return f"{size / 2**30:.1f} GB".replace(".0 GB", " GB")
