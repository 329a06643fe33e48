"""One look at a fleet: the facts of its hosts, and who is in its Swarm."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from infra_specs.errors import PlanError, ProviderError, TenfoldError, TransientError
from infra_specs.fleet.checks import fleet_problems
from infra_specs.fleet.firewall import is_ip
from infra_specs.fleet.membership import Member, roles_after
from infra_specs.fleet.observed import host_instances, member_instance
from infra_specs.fleet.refusals import HostLooks, notes, refusals
from infra_specs.fleet.resources import PreparedHost, fleet_resources
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from infra_specs.stackfile.models.hosts import FleetHosts
from tasks.base.clock import now
from tasks.providers.hosts.engines import FleetEngines
from tasks.providers.hosts.members import FleetState, fleet_state
from tasks.providers.hosts.read_facts import HostReading, read_facts


@dataclass(frozen=True, slots=True)
class Survey:
    """A fleet at one moment."""

    fleet: FleetHosts
    readings: Mapping[str, HostReading]
    """Of every host that answers."""
    errors: Mapping[str, ProviderError]
    """Why the others could not be looked at."""
    state: FleetState | None
    """None if nobody can tell who is in the Swarm."""
    fault: TenfoldError | None = None
    """Why nobody can."""

    def instances(self) -> Iterator[Instance]:
        """Everything that is there of the fleet. Raises the error of a Swarm that nobody can tell of."""
        moment, leaving = now(), {host.name for host in self.fleet.leaving}
        for name, reading in self.readings.items():
            yield from host_instances(self.fleet.name, name, reading.facts, moment, leaves=name in leaving)
        for member in self._known().members:
            if instance := member_instance(self.fleet.name, member, moment):
                yield instance

    def resources(self, public: tuple[int, ...]) -> tuple[Resource, ...]:
        """Everything that shall be there and can be seen to now. `public`: the ports of the stacks on the fleet.

        Raises PlanError if the steps to that would lose the quorum, or data.
        """
        listed = [host.name for host in self.fleet.hosts]
        answering = [(name, self.readings[name].facts) for name in listed if name in self.readings]
        prepared = [PreparedHost(name, facts.port or 22, not facts.firewall) for name, facts in answering]
        return fleet_resources(self.fleet.name, prepared, roles_after(self.members), self._peers(), public)

    @property
    def members(self) -> tuple[Member, ...]:
        """The members, where a host that answers counts as one whose engine does: its engine is seen to first."""
        return tuple(replace(member, answers=True) if member.host in self.readings else member
                     for member in self._known().members)  # fmt: skip

    def refusals(self, recorded: Collection[str], public: tuple[int, ...] = ()) -> tuple[str, ...]:
        """What is in the way, as `infra_specs.fleet.refusals` says."""
        looks = self._looks()
        texts = refusals(self.fleet.name, looks, self._members(), recorded, public)
        is_told = any(problem.blocks for problem in fleet_problems(looks.facts))
        if self.fault and (not texts or (isinstance(self.fault, PlanError) and not is_told)):
            return (*texts, str(self.fault))
        return texts

    def notes(self) -> tuple[str, ...]:
        """What is good to know."""
        outdated = self.state.outdated if self.state else ()
        return (
            *notes(self._looks(), self._members()),
            *(f"{host}: is in the Swarm that {self.fleet.name} had before. It leaves that one." for host in outdated),
        )

    def data(self) -> tuple[str, ...]:
        """A sentence for each host that is to leave and holds data that is nowhere else."""
        members = self.state.members if self.state else ()
        return tuple(
            f"{member.host} holds data that is nowhere else: {', '.join(member.data)}."
            for member in members
            if member.data
        )

    @property
    def has_unnamed_members(self) -> bool:
        """Whether a killed run left nodes that bear no host's name, or are no host's, or hosts in an earlier Swarm."""
        return self.state is not None and bool(self.state.unlabelled or self.state.stale or self.state.outdated)

    @property
    def held_back(self) -> frozenset[str]:
        """The hosts that nothing new is placed on, since they were to leave."""
        return self.state.held_back if self.state else frozenset()

    def _looks(self) -> HostLooks:
        return HostLooks(
            {host: reading.facts for host, reading in self.readings.items()},
            {host: reading.clock_error for host, reading in self.readings.items()},
            {host: str(error) for host, error in self.errors.items()},
        )

    def _members(self) -> frozenset[str]:
        """Who is in the Swarm already, or was. A host that leaves counts as one: its list is past."""
        state = self.state
        past = {host.name for host in self.fleet.leaving}.union(state.outdated if state else ())
        return frozenset(past.union(member.host for member in (state.members if state else ()) if member.role))

    def _peers(self) -> dict[str, str]:
        """Where members reach each other, those that leave and those that are silent included."""
        state = self._known()
        roles = {member.host: member.role for member in state.members}
        leaving = (host for host in self.fleet.leaving if roles.get(host.name) is not None)
        known = {host.name: host.address for host in (*self.fleet.hosts, *leaving)}
        peers = {name: state.addresses.get(name) or state.peers.get(name) or address for name, address in known.items()}
        return {name: peer for name, peer in peers.items() if is_ip(peer)}

    def _known(self) -> FleetState:
        if self.state is None:
            raise self.fault or TransientError(f"nobody can tell who is in the Swarm of {self.fleet.name}.")
        return self.state


def survey(fleet: FleetHosts, engines: FleetEngines) -> Survey:
    """Look at every host of a fleet at once, and ask its managers. Nothing is changed, and no error is raised."""
    outcomes = read_facts(engines.connections)
    readings = {host: outcome for host, outcome in outcomes.items() if isinstance(outcome, HostReading)}
    errors = {host: outcome for host, outcome in outcomes.items() if isinstance(outcome, ProviderError)}
    try:
        state = fleet_state(fleet.name, engines, readings, fleet.leaving)
    except TenfoldError as fault:
        return Survey(fleet, readings, errors, None, fault)
    return Survey(fleet, readings, errors, state)
