"""Everything that is in the way of a fleet, for all hosts at once, before anything is touched."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from infra_specs.fleet.checks import SWARM_PORTS, fleet_problems, host_problems
from infra_specs.fleet.facts import HostFacts


@dataclass(frozen=True, slots=True)
class HostLooks:
    """What was seen of the hosts, by their names."""

    facts: Mapping[str, HostFacts]
    clock_errors: Mapping[str, float]
    errors: Mapping[str, str]
    """Why hosts could not be looked at."""


def refusals(
    fleet: str, looks: HostLooks, members: Collection[str], recorded: Collection[str], public: Collection[int] = ()
) -> tuple[str, ...]:
    """A sentence for each thing that is in the way; empty if nothing is.

    `members` are in the fleet's Swarm already, `recorded` are those that the ledger has, none for a new fleet. Such a
    host holds up none of the others if it is silent, nor a member that has become scarce. `public`: the ports on which
    stacks serve the public.
    """
    facts = looks.facts
    new = {host: told for host, told in facts.items() if host not in members}
    return (
        *(error for host, error in looks.errors.items() if host not in members and host not in recorded),
        *(
            str(problem)
            for host, told in new.items()
            for problem in host_problems(host, told, looks.clock_errors[host])
            if problem.blocks
        ),
        *_of_ports(facts, {*members, *recorded}, public),
        *_of_other_fleets(fleet, facts, is_known=bool(recorded)),
        *_twice(facts),
        *(str(problem) for problem in fleet_problems(facts) if problem.blocks and problem.host in new),
    )


def _of_ports(facts: Mapping[str, HostFacts], known: Collection[str], public: Collection[int]) -> Iterator[str]:
    """What listens on a public port. On a known host that may be a proxy of ours, but for sshd and the engine."""
    for host, told in facts.items():
        others = {told.port} if host in known else told.ports
        taken = sorted(port for port in public if port in others or port in SWARM_PORTS)
        if taken:
            ports = f"port {taken[0]}" if len(taken) == 1 else f"ports {' and '.join(map(str, taken))}"
            yield (
                f"{host}: something else has {ports}, where the public is to be served. Stop it there, or name another "
                "`public_port` in the target."
            )


def notes(looks: HostLooks, members: Collection[str]) -> tuple[str, ...]:
    """What is good to know of a fleet that nothing is in the way of, so that each of its errors is borne."""
    facts = looks.facts
    return (
        *(f"{error} It is left as it is." for error in looks.errors.values()),
        *(
            str(problem)
            for host, told in facts.items()
            for problem in host_problems(host, told, looks.clock_errors[host])
            if not problem.blocks or host in members
        ),
        *(str(problem) for problem in fleet_problems(facts) if not problem.blocks),
    )


def _of_other_fleets(fleet: str, facts: Mapping[str, HostFacts], *, is_known: bool) -> Iterator[str]:
    for host, told in facts.items():
        if told.fleet and told.fleet != fleet:
            yield (
                f"{host}: is a host of the fleet {told.fleet}. Take it out of one of the lists. If that fleet is no "
                "more, remove /etc/tenfold/host.json there."
            )
        elif told.fleet and not is_known:
            yield (
                f"{host}: is a host of a fleet {told.fleet} which this installation did not make. Give the stack "
                "another name, or put the ledger back that knows it. If that fleet is no more, remove "
                "/etc/tenfold/host.json there."
            )


def _twice(facts: Mapping[str, HostFacts]) -> Iterator[str]:
    """One machine under two names."""
    seen = dict[tuple[str, int | None], str]()
    for host, told in facts.items():
        if not told.address:
            continue
        first = seen.setdefault((told.address, told.port), host)
        if first != host:
            yield f"{host}: is the same host as {first} (both are {told.address}). Remove one of the two."
