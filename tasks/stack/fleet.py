"""The fleet that a stack runs on: as its spec wants it, as it is, and what is to be done."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from infra_specs.errors import PlanError, SpecError, UnknownStack
from infra_specs.fleet.of_stack import (
    fleet_name,
    hosts_leaving,
    on_fleet,
    public_ports,
    require_own_ports,
    wanted_fleet,
)
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Plan
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from infra_specs.stackfile.models.hosts import FleetHosts
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Swarm
from tasks.base.clock import now
from tasks.ledger import Ledger, StackRecord
from tasks.providers.seam.fleet import FleetProvider, FleetSurvey


@dataclass(frozen=True, slots=True)
class WantedFleet:
    """The hosts that a fleet shall have, and the public ports of its stacks."""

    hosts: FleetHosts
    public: tuple[int, ...]
    recorded: frozenset[str]
    """The names of the hosts that the ledger has of it; none of a new fleet."""


@dataclass(frozen=True, slots=True)
class PlannedFleet:
    """What there is of a fleet, what shall be, and the changes between the two."""

    survey: FleetSurvey
    instances: tuple[Instance, ...]
    resources: tuple[Resource, ...]
    plan: Plan

    @property
    def is_new(self) -> bool:
        """Whether no host is in a Swarm of the fleet yet, so that no stack can be on it."""
        return not any(instance.kind == "member" for instance in self.instances)


def placed(ledger: Ledger, stack: Stack) -> Stack:
    """The stack on its fleet: on the hosts that its own file lists, else on those of the ledger.

    Hosts of the ledger that the file lists no more are to leave. A stack on no fleet, or one that knows its hosts, is
    returned as it is.
    """
    target = stack.target
    if not isinstance(target, Swarm) or target.is_placed:
        return stack
    fleets = {fleet.name: fleet for fleet in ledger.fleets.all()}
    if target.hosts is None:
        return on_fleet(stack, fleets)
    name, listed = fleet_name(stack), tuple(target.hosts)
    hosts = FleetHosts(name, listed, target.key, hosts_leaving(listed, fleets.get(name)))
    return on_fleet(stack, {name: hosts})


def on_recorded_fleet(ledger: Ledger, stack: Stack) -> Stack:
    """The stack on its fleet as the ledger has it now. Any other stack is returned as it is."""
    return on_fleet(stack, {fleet.name: fleet for fleet in ledger.fleets.all()}) if fleet_name(stack) else stack


def recorded_fleet(ledger: Ledger, name: str) -> WantedFleet:
    """A fleet as it was brought up last, for the stacks of now. Raises UnknownStack."""
    fleet = known_fleet(ledger, name)
    return WantedFleet(fleet, ports_of(stacks_on(ledger, name)), _names(fleet))


def fleet_of(ledger: Ledger, stack: Stack) -> WantedFleet:
    """The fleet of a stack as its spec wants it. Raises PlanError as `wanted_fleet` does, and for a public
    port that another stack there has, and SpecError as `stacks_on` does.

    Of a fleet whose record cannot be read the hosts of the spec count as recorded: the record is written anew.
    """
    fleets = {fleet.name: fleet for fleet in ledger.fleets.all()}
    record = ledger.stacks.find(stack.name)
    recorded = None
    if record is not None:
        with suppress(SpecError):
            recorded = record.stack()
    hosts = wanted_fleet(stack, fleets, recorded)
    others = stacks_on(ledger, hosts.name, without=stack.name)
    require_own_ports(stack, others)
    known = hosts if ledger.fleets.has(hosts.name) and hosts.name not in fleets else fleets.get(hosts.name)
    return WantedFleet(hosts, ports_of((stack, *others)), _names(known))


def known_fleet(ledger: Ledger, name: str) -> FleetHosts:
    """The fleet of this name. Raises UnknownStack, and nothing was touched."""
    fleet = ledger.fleets.find(name)
    if fleet is None:
        others = ", ".join(other.name for other in ledger.fleets.all()) or "none yet"
        raise UnknownStack(f"No fleet is called `{name}`. Known: {others}.")
    return fleet


def stacks_on(ledger: Ledger, fleet: str, without: str = "") -> tuple[Stack, ...]:
    """The stacks that stand on a fleet, those that are torn down and the one of the name `without` aside.

    Raises SpecError for one that cannot be read: nobody knows which ports it needs.
    """
    return tuple(record.stack() for record in _records_on(ledger, fleet) if record.name != without)


def names_on(ledger: Ledger, fleet: str) -> tuple[str, ...]:
    """The names of the stacks that stand on a fleet, those that are torn down aside. None need be readable."""
    return tuple(record.name for record in _records_on(ledger, fleet))


def ports_of(stacks: Iterable[Stack]) -> tuple[int, ...]:
    """The public ports of all these stacks."""
    return tuple(sorted({port for stack in stacks for port in public_ports(stack)}))


def planned(provider: FleetProvider, wanted: WantedFleet) -> PlannedFleet:
    """Look at the hosts, and plan. Changes nothing. Blocks.

    Raises PlanError with everything that is in the way on any host, or for a change that would lose the quorum or data;
    TransientError while the managers do not answer.
    """
    survey = provider.survey()
    if faults := survey.refusals(wanted.recorded, wanted.public):
        if survey.fault is not None and faults == (str(survey.fault),):
            raise survey.fault
        raise PlanError("\n".join([f"The hosts of {wanted.hosts.name} cannot be a fleet as they are:", *faults]))
    resources, instances = survey.resources(wanted.public), tuple(survey.instances())
    return PlannedFleet(survey, instances, resources, make_plan(wanted.hosts.name, resources, instances, moment=now()))


def _names(fleet: FleetHosts | None) -> frozenset[str]:
    return frozenset(host.name for host in (*fleet.hosts, *fleet.leaving)) if fleet else frozenset()


def _records_on(ledger: Ledger, fleet: str) -> Iterator[StackRecord]:
    return (record for record in ledger.stacks.all() if record.wanted and _may_be_on(record, fleet))


def _may_be_on(record: StackRecord, fleet: str) -> bool:
    """Whether a stack stands on a fleet, as far as its spec can be read at all."""
    if record.target != "swarm":
        return False
    target = record.spec.get("target") if isinstance(record.spec, Mapping) else None
    return not isinstance(target, Mapping) or (target.get("fleet") or record.name) == fleet
