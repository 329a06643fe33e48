"""The drivers of a fleet's kinds: what is made, changed and ended on one host."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from infra_specs.errors import ProviderError
from infra_specs.fleet.facts import FirewallRecord
from infra_specs.fleet.firewall import FOLDER, Firewall
from infra_specs.fleet.observed import host_instances, member_instance
from infra_specs.fleet.resources import host_of
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.stackfile.models.hosts import FleetHosts
from tasks.base.clock import now
from tasks.providers.hosts.engine_install import install_engine
from tasks.providers.hosts.engines import FleetEngines
from tasks.providers.hosts.firewall import remove_firewall, set_firewall
from tasks.providers.hosts.read_facts import read_one
from tasks.providers.hosts.survey import survey
from tasks.providers.hosts.swarm_membership import SwarmMembership
from tasks.providers.hosts.upkeep import set_upkeep, upkeep_packages
from tasks.providers.seam.kind import Kind
from tasks.ssh.connection import Connection

HOST_MARK, FIREWALL_MARK = f"{FOLDER}/host.json", f"{FOLDER}/firewall.json"


@dataclass(frozen=True)
class FleetKind(Kind):
    """A driver of one kind of a fleet's resources."""

    kind: str
    fleet: FleetHosts
    engines: FleetEngines

    def list(self, stack: str) -> Iterable[Instance]:
        """Of this kind alone. The provider asks once for all."""
        return [instance for instance in survey(self.fleet, self.engines).instances() if instance.kind == self.kind]


class HostPart(FleetKind):
    """What is on one host, and known by its facts."""

    def look(self, instance: Instance) -> Instance | None:
        return next((seen for seen in self.on(host_of(instance.address)) if seen.address == instance.address), None)

    def on(self, host: str) -> tuple[Instance, ...]:
        """Everything on one host, its place in the Swarm aside."""
        facts = read_one(self.connection(host)).facts
        leaves = host in {leaving.name for leaving in self.fleet.leaving}
        return tuple(host_instances(self.fleet.name, host, facts, now(), leaves=leaves))

    def connection(self, host: str) -> Connection:
        """The connection to a host by its name."""
        return self.engines.connections.to(self.engines.host(host))


class HostMark(HostPart):
    """The mark that says whose a host is."""

    def create(self, resource: Resource, incarnation: int) -> Instance:
        connection = self.connection(host_of(resource.address))
        connection.run(f"mkdir -p {FOLDER}", root=True)
        connection.put(HOST_MARK, json.dumps({"fleet": self.fleet.name}).encode(), root=True)
        return _made(resource, incarnation)

    def destroy(self, instance: Instance) -> Instance | None:
        self.connection(host_of(instance.address)).run(f"rm -f {HOST_MARK}; rmdir {FOLDER}", root=True)
        return None


class Engine(HostPart):
    """A Docker Engine. It stays on a host that leaves."""

    def create(self, resource: Resource, incarnation: int) -> Instance:
        connection = self.connection(host_of(resource.address))
        install_engine(connection, upkeep_packages(read_one(connection).facts))
        if connection.host.user != "root":
            connection.run(f"usermod -aG docker {connection.host.user}", root=True)
            connection.close()  # groups are those of a login
        return _made(resource, incarnation)

    def destroy(self, instance: Instance) -> Instance | None:
        return None


class HostFirewall(HostPart):
    """The rules of a host."""

    def create(self, resource: Resource, incarnation: int) -> Instance:
        self._set(resource, incarnation)
        return _made(resource, incarnation)

    def update(self, instance: Instance, resource: Resource) -> None:
        self._set(resource, instance.incarnation)

    def destroy(self, instance: Instance) -> Instance | None:
        host = self.engines.host(host_of(instance.address))
        remove_firewall(host, self.engines.connections)
        return None

    def _set(self, resource: Resource, incarnation: int) -> None:
        host = self.engines.host(host_of(resource.address))
        settings = resource.settings
        ssh, public, peers = settings["ssh"], settings["public"], settings["peers"]
        assert isinstance(ssh, int)
        assert isinstance(public, list)
        assert isinstance(peers, list)
        set_firewall(host, Firewall(ssh, tuple(public), tuple(peers)), self.engines.connections)
        connection = self.connection(host.name)
        rules = connection.run(f"sh {FOLDER}/firewall-sum", root=True).text.strip()
        record = FirewallRecord(self.fleet.name, resource.fingerprint, incarnation, dict(resource.digests), rules)
        connection.put(FIREWALL_MARK, json.dumps(asdict(record)).encode(), root=True)


class Upkeep(HostPart):
    """Security updates and the clock. It stays on a host that leaves."""

    def create(self, resource: Resource, incarnation: int) -> Instance:
        self._set(resource)
        return _made(resource, incarnation)

    def update(self, instance: Instance, resource: Resource) -> None:
        self._set(resource)

    def destroy(self, instance: Instance) -> Instance | None:
        return None

    def _set(self, resource: Resource) -> None:
        connection = self.connection(host_of(resource.address))
        set_upkeep(connection, read_one(connection).facts)


@dataclass(frozen=True)
class SwarmMember(FleetKind):
    """A host's place in the Swarm."""

    membership: SwarmMembership

    def look(self, instance: Instance) -> Instance | None:
        return self.seen(instance.address)

    def create(self, resource: Resource, incarnation: int) -> Instance:
        self.membership.settle(host_of(resource.address))
        if seen := self.seen(resource.address):
            return seen
        raise ProviderError(f"{resource.address} of the fleet {resource.stack} joined and is not there: run it again")

    def update(self, instance: Instance, resource: Resource) -> None:
        self.membership.settle(host_of(resource.address))

    def destroy(self, instance: Instance) -> Instance | None:
        self.membership.settle(host_of(instance.address))
        return None

    def seen(self, address: str) -> Instance | None:
        """The member at an address, by what the managers say, which is asked in some milliseconds."""
        for member in self.membership.members():
            if member.host == host_of(address):
                return member_instance(self.fleet.name, member, now())
        return None


def _made(resource: Resource, incarnation: int) -> Instance:
    """What was made just now. Whether it is so is seen by the next look."""
    return Instance(
        resource.stack, resource.address, resource.kind, resource.fingerprint, incarnation,
        Health("starting", "made just now", now()), resource.digests, after=resource.after,
    )  # fmt: skip
