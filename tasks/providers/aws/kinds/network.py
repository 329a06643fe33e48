"""The kind `network` on AWS: a VPC over two zones with all that is in it, and the cluster of the stack's services.

Each part is found by its tags, so that a killed run is gone on with, and a part that was made twice is removed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.clock import now
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of
from tasks.providers.aws.kinds.network_build import NetworkBuild
from tasks.providers.aws.kinds.network_look import Found, find
from tasks.providers.aws.kinds.network_parts import GROUPS, NetworkParts, leads_out, network_parts
from tasks.providers.aws.kinds.network_removal import remove, remove_excess
from tasks.providers.aws.kinds.outcomes import ending, vanished
from tasks.providers.aws.names import cluster_name
from tasks.providers.seam.kind import Kind

EXCESS = "tenfold:excess"
"""The tag of a VPC some of whose parts are no longer needed."""


class Network(Kind):
    """Its outputs are the ids that others stand in. Health: made whole, and its gateways work."""

    def __init__(self, aws: AwsClient) -> None:
        self._aws = aws

    def list(self, stack: str) -> Iterator[Instance]:
        for found in find(self._aws, stack, whole=False):
            yield _instance(found)

    def look(self, instance: Instance) -> Instance | None:
        found = self._found(instance.stack, instance.address, instance.incarnation, whole=False)
        return _instance(found) if found else None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        NetworkBuild(self._aws, resource, incarnation).complete()
        found = self._found(resource.stack, resource.address, incarnation, whole=False)
        if found is None:
            raise vanished(resource)
        return _instance(found)

    def finish(self, instance: Instance, resource: Resource) -> Instance | None:
        return self.create(resource, instance.incarnation)

    def update(self, instance: Instance, resource: Resource) -> None:
        NetworkBuild(self._aws, resource, instance.incarnation).complete()
        found = self._found(instance.stack, instance.address, instance.incarnation)
        assert found is not None
        written = tags.tags_of(resource, instance.incarnation, {"nat": str(resource.settings["nat"])})
        if found.names_beyond(network_parts(resource.settings)):
            written[EXCESS] = "yes"
        self._aws.call("ec2", "create_tags", Resources=[found.vpc], Tags=tags.as_list(written))

    def sweep(self, stack: str) -> None:
        """Remove what a network no longer needs, once no task uses it: its tasks move after the network has changed."""
        filters = [{"Name": "tag-key", "Values": [EXCESS]}, {"Name": f"tag:{tags.STACK}", "Values": [stack]}]
        for vpc in list(self._aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=filters)):
            written = tags.as_mapping(vpc["Tags"])
            found = self._found(stack, written[tags.ADDRESS], int(written[tags.INCARNATION]))
            instance = tags.instance_of_tags(written, Health("healthy", "", now()))
            assert found is not None
            assert instance is not None
            parts = network_parts({"cidr": vpc["CidrBlock"], "nat": instance.outputs["nat"]})
            if remove_excess(self._aws, found, parts):
                self._aws.call("ec2", "delete_tags", Resources=[found.vpc], Tags=[{"Key": EXCESS}])

    def destroy(self, instance: Instance) -> Instance | None:
        found = self._found(instance.stack, instance.address, instance.incarnation)
        if found is None:
            return None
        left = remove(self._aws, found)
        if not left:
            self._remove_cluster(instance.stack)
            return None
        return ending(instance, left)

    def _remove_cluster(self, stack: str) -> None:
        if find(self._aws, stack):
            return  # another incarnation still needs it
        try:
            self._aws.call("ecs", "delete_cluster", cluster=cluster_name(stack))
        except ProviderError as error:
            if code_of(error) not in ("ClusterNotFoundException", "ClusterContainsServicesException"):
                raise

    def _found(self, stack: str, address: str, incarnation: int, *, whole: bool = True) -> Found | None:
        networks = find(self._aws, stack, incarnation, whole=whole)
        return next((found for found in networks if found.address == address and not found.empty), None)


def _instance(found: Found) -> Instance:
    written = tags.as_mapping(found.vpcs[0]["Tags"])
    instance = tags.instance_of_tags(written, Health("healthy", "it stands", now()))
    assert instance is not None
    if EXCESS in written:
        instance = replace(instance, outputs={**instance.outputs, EXCESS: written[EXCESS]})
    parts = network_parts({"cidr": found.vpcs[0]["CidrBlock"], "nat": instance.outputs["nat"]})
    health = _health(found, parts)
    if health.state == "failed":
        return replace(instance, health=health)
    return replace(instance, health=health, outputs={**instance.outputs, **_outputs(found, parts)})


def _health(found: Found, parts: NetworkParts) -> Health:
    wanted = [("subnet", name) for name in parts.subnets] + [("table", name) for name in parts.tables]
    wanted += [("group", name) for name in GROUPS] + [("nat", name) for name in parts.gateways]
    if missing := [name for sort, name in wanted if found.first(sort, name) is None]:
        return Health("failed", f"half made: it has no {', '.join(missing)}", now())
    if not all(_is_wired(found, parts, table) for table in parts.tables):
        return Health("failed", "half made: a route table leads nowhere", now())
    states = [str((found.first("nat", name) or {}).get("State")) for name in parts.gateways]
    if any(state != "available" for state in states):
        return Health("starting", "a NAT gateway is not available yet", now())
    return Health("healthy", "it stands", now())


def _is_wired(found: Found, parts: NetworkParts, name: str) -> bool:
    table = found.first("table", name) or {}
    beside = {association.get("SubnetId") for association in table.get("Associations", ())}
    leads = next((route for route in table.get("Routes", ()) if leads_out(route)), None)
    attached = all(found.id_of("subnet", subnet) in beside for subnet in parts.tables[name])
    way_out = parts.way_out(name)
    if way_out in parts.gateways:
        return attached and leads is not None and leads.get("NatGatewayId") == found.id_of("nat", way_out)
    return attached and (leads is not None) == bool(way_out)


def _outputs(found: Found, parts: NetworkParts) -> Mapping[str, str]:
    def ids(names: tuple[str, ...]) -> str:
        return ",".join(found.id_of("subnet", name) for name in names)

    groups = {f"{name}_group": found.id_of("group", name) for name in GROUPS}
    return {
        "vpc": found.vpc,
        "cluster": cluster_name(found.stack),
        "balancer_subnets": ids(("balancer-0", "balancer-1")),
        "task_subnets": ids(parts.task_subnets),
        "data_subnets": ids(("data-0", "data-1")),
        **groups,
    }
