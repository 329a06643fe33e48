"""A fleet of hosts as a target: what is there, and how it is made what it shall be."""

from collections.abc import Collection, Iterable
from pathlib import Path

from infra_specs.fleet.resources import host_of
from infra_specs.resources.address import Address
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.hosts import FleetHosts
from tasks.providers.hosts.engines import FleetEngines
from tasks.providers.hosts.kinds import Engine, HostFirewall, HostMark, SwarmMember, Upkeep
from tasks.providers.hosts.leaving import hold_back, stacks_on
from tasks.providers.hosts.members import FleetState, look_at_fleet
from tasks.providers.hosts.recover import recover
from tasks.providers.hosts.survey import Survey, survey
from tasks.providers.hosts.swarm_membership import SwarmMembership
from tasks.providers.hosts.swarm_steps import label_members
from tasks.providers.seam.fleet import FleetProvider
from tasks.ssh.connections import Connections


class HostsProvider(FleetProvider):
    """The hosts of one fleet, those that leave it included. A stack is a fleet here: its name, its addresses.

    Nothing connects before it is asked for something. Close it after use.
    """

    target = "hosts"

    def __init__(self, fleet: FleetHosts, home: Path) -> None:
        self._fleet = fleet
        self.connections = Connections((*fleet.hosts, *fleet.leaving), fleet.key, home)
        self.engines = FleetEngines(self.connections)
        self._membership = SwarmMembership(fleet, self.engines)
        self._mark = HostMark("host", fleet, self.engines)
        self._member = SwarmMember("member", fleet, self.engines, self._membership)
        super().__init__({
            "host": self._mark,
            "engine": Engine("engine", fleet, self.engines),
            "firewall": HostFirewall("firewall", fleet, self.engines),
            "upkeep": Upkeep("upkeep", fleet, self.engines),
            "member": self._member,
        })  # fmt: skip

    def survey(self) -> Survey:
        self._membership.look_anew()
        return survey(self._fleet, self.engines)

    def stacks(self) -> tuple[str, ...]:
        return (self._fleet.name,)

    def instances(self, stack: str) -> Iterable[Instance]:
        return self.survey().instances()

    def at_address(self, stack: str, address: str) -> Iterable[Instance]:
        """Only the host that it is about is asked."""
        if Address.parse(address).kind == "member":
            return filter(None, [self._member.seen(address)])
        return (instance for instance in self._mark.on(host_of(address)) if instance.address == address)

    def sweep(self, stack: str) -> None:
        """Name the nodes that a killed run joined and did not name, and remove those that are no host's any more."""
        state = self.survey().state
        if state is not None:
            label_members(state, self.engines)

    def stacks_on(self, hosts: Collection[str]) -> tuple[str, ...]:
        return stacks_on(hosts, self._state(), self.engines)

    def hold_back(self, hosts: Collection[str]) -> None:
        hold_back(hosts, self._state(), self.engines)

    def recover(self) -> str:
        return recover(self._fleet.name, self.engines)

    def _state(self) -> FleetState:
        """As the hosts and the managers tell it now. Raises PlanError and TransientError as `look_at_fleet`."""
        return look_at_fleet(self._fleet.name, self.engines, self._fleet.leaving)

    def close(self) -> None:
        self.engines.close()
        self.connections.close()
