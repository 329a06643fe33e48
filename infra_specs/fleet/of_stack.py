"""Which fleet a stack runs on, what its spec wants of that fleet, and which ports it opens there."""

from collections.abc import Iterable, Iterator, Mapping

from infra_specs.errors import PlanError
from infra_specs.stackfile.models.hosts import FleetHosts, Host
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Swarm

HTTP_PORT, HTTPS_PORT = 80, 443
"""Where a proxy serves the public on every host, unless the spec says otherwise."""


def fleet_name(stack: Stack) -> str:
    """The name of the stack's fleet; empty for a stack that runs on none."""
    return stack.target.fleet_name(stack.name) if isinstance(stack.target, Swarm) else ""


def on_fleet(stack: Stack, fleets: Mapping[str, FleetHosts]) -> Stack:
    """The stack with its target placed on its fleet. One that is on none, or on an unknown one, is left as it is."""
    target, fleet = stack.target, fleets.get(fleet_name(stack))
    if fleet is None or not isinstance(target, Swarm):
        return stack
    return stack.model_copy(update={"target": target.placed_on(fleet)})


def wanted_fleet(stack: Stack, fleets: Mapping[str, FleetHosts], recorded: Stack | None) -> FleetHosts:
    """The fleet of a stack as its spec wants it. `recorded` is the stack as the ledger has it.

    Hosts that are no longer in the list are to leave. Raises PlanError for a fleet that is not there, for hosts that
    another fleet has, and for a stack that would change its fleet.
    """
    assert isinstance(stack.target, Swarm)
    name = fleet_name(stack)
    before = fleet_name(recorded) if recorded else ""
    if before and before != name:
        raise PlanError(
            f"{stack.name} is on the hosts of {before}, and the spec says those of {name}. No data moves by itself. "
            f"Give the stack on {name} another name; or write {before} again to go on with this one."
        )
    known = fleets.get(name)
    if stack.target.hosts is not None:
        hosts = tuple(stack.target.hosts)
        _require_free(name, hosts, fleets.values())
        return FleetHosts(name, hosts, stack.target.key, hosts_leaving(hosts, known))
    if known is None:
        others = ", ".join(sorted(fleets)) or "none yet"
        raise PlanError(
            f"There is no fleet {name}. Known: {others}. First provision the stack {name}, whose file lists the hosts."
        )
    if not known.hosts:
        raise PlanError(
            f"The fleet {name} has no hosts any more, for its teardown was cut off. Finish it (tenfold hosts teardown "
            f"{name}), or provision the stack {name} again, whose file lists the hosts."
        )
    return known


def require_own_ports(stack: Stack, others: Iterable[Stack]) -> None:
    """Raise PlanError for a public port of a stack that another stack on its fleet serves the public on."""
    for other in others:
        if shared := sorted(set(public_ports(stack)).intersection(public_ports(other))):
            ports = f"port {shared[0]}" if len(shared) == 1 else f"ports {' and '.join(map(str, shared))}"
            raise PlanError(
                f"{other.name} serves the public on {ports} of the hosts of {fleet_name(stack)}. Name another port for "
                f"{stack.name}: `public_port` in the target, and with `tls` its `http_port`, too."
            )


def refuse_standing(fleet: str, stacks: tuple[str, ...]) -> None:
    """Raise PlanError if stacks stand on a fleet that is to end."""
    if stacks:
        commands = " && ".join(f"tenfold teardown {stack}" for stack in stacks)
        stand = "The stack {} stands" if len(stacks) == 1 else "The stacks {} stand"
        raise PlanError(
            f"{stand.format(', '.join(stacks))} on the hosts of {fleet}, so nothing was touched. First: {commands}"
        )


def public_ports(stack: Stack) -> tuple[int, ...]:
    """The ports on which the stack's proxy serves the public on every host; none if nothing is public."""
    if not any(service.public and service.port is not None for service in stack.services.values()):
        return ()
    port = stack.target.ports.get("public_port", HTTPS_PORT if stack.tls else HTTP_PORT)
    redirect = stack.tls.http_port if stack.tls else None
    return tuple(sorted({port, *filter(None, (redirect,))}))


def hosts_leaving(hosts: Iterable[Host], known: FleetHosts | None) -> tuple[Host, ...]:
    """The hosts of a fleet that are in this list no more, those that have not left yet included."""
    listed = {host.name for host in hosts}
    earlier = (*known.hosts, *known.leaving) if known else ()
    return tuple(host for host in earlier if host.name not in listed)


def _require_free(name: str, hosts: Iterable[Host], fleets: Iterable[FleetHosts]) -> None:
    """All hosts that other fleets have, at once."""
    owners = {host.name: fleet.name for fleet in fleets if fleet.name != name for host in _all(fleet)}
    if faults := [f"{host} is a host of the fleet {owners[host.name]}." for host in hosts if host.name in owners]:
        owner = next(owners[host.name] for host in hosts if host.name in owners)
        raise PlanError(
            "\n".join([*faults, f"Take it out of one of the lists. To run beside {owner} on its hosts, write `fleet: "
                       f"{owner}` in place of `hosts`."])
        )  # fmt: skip


def _all(fleet: FleetHosts) -> Iterator[Host]:
    yield from fleet.hosts
    yield from fleet.leaving
