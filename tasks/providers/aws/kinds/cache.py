"""The kind `cache` on AWS: an ElastiCache for Valkey with a password, so by TLS only; it keeps nothing for good."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra_specs.catalogue.ready_seconds import look_delays, ready_seconds
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.resources.target_name import ELASTICACHE, target_name
from tasks.base.clock import now
from tasks.base.poll import wait_until_over
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of, is_missing
from tasks.providers.aws.kinds.outcomes import ending, first_of, vanished
from tasks.providers.aws.kinds.subnet_group import SubnetGroups
from tasks.providers.seam.kind import Kind


class Cache(Kind):
    """One group of one node, or of two in two zones."""

    def __init__(self, aws: AwsClient) -> None:
        self._aws = aws
        self._subnets = SubnetGroups(
            aws, "elasticache", "Cache", "create_cache_subnet_group", "describe_cache_subnet_groups",
            "delete_cache_subnet_group", _name,
        )  # fmt: skip

    def list(self, stack: str) -> Iterator[Instance]:
        for group in self._groups():
            written = self._tags(group)
            if tags.of(written, stack) and (instance := _instance(group, written)):
                yield instance

    def look(self, instance: Instance) -> Instance | None:
        name = _name(instance.stack, instance.address, instance.incarnation)
        group = self._named(name)
        if group is not None:
            return _instance(group, self._tags(group))
        return instance if instance.ending and self._subnets.has(name) else None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        name, settings = self._subnets.make(resource, incarnation), resource.settings
        nodes = _nodes(resource)
        try:
            self._aws.call(
                "elasticache", "create_replication_group", ReplicationGroupId=name,
                ReplicationGroupDescription=f"{resource.address} of stack {resource.stack}", Engine="valkey",
                EngineVersion=settings["version"], CacheNodeType=settings["class"], NumCacheClusters=nodes,
                AutomaticFailoverEnabled=nodes > 1, MultiAZEnabled=nodes > 1, CacheSubnetGroupName=name,
                SecurityGroupIds=[settings["group"]], TransitEncryptionEnabled=True, AtRestEncryptionEnabled=True,
                AuthToken=settings["password"], Tags=tags.as_list(tags.tags_of(resource, incarnation)),
            )  # fmt: skip
        except ProviderError as error:
            if code_of(error) not in ("ReplicationGroupAlreadyExists", "ReplicationGroupAlreadyExistsFault"):
                raise
        group = self._named(name)
        made = _instance(group, self._tags(group)) if group else None
        if made is None:
            raise vanished(resource)
        return made

    def update(self, instance: Instance, resource: Resource) -> None:
        """AWS takes one change after another, so it is waited for between them; what is so already is left out.

        The tags come last: after a kill anywhere before, all of it is done again.
        """
        name, nodes = _name(instance.stack, instance.address, instance.incarnation), _nodes(resource)
        group = self._settled(name)
        if nodes > len(group["MemberClusters"]):
            group = self._changed(name, "increase_replica_count", NewReplicaCount=nodes - 1)
        zones = nodes > 1
        if group["CacheNodeType"] != resource.settings["class"] or zones != _spreads(group):
            group = self._changed(
                name, "modify_replication_group", CacheNodeType=resource.settings["class"],
                AutomaticFailoverEnabled=zones, MultiAZEnabled=zones,
            )  # fmt: skip
        if nodes < len(group["MemberClusters"]):
            group = self._changed(name, "decrease_replica_count", NewReplicaCount=nodes - 1)
        written = tags.as_list(tags.tags_of(resource, instance.incarnation))
        self._aws.call("elasticache", "add_tags_to_resource", ResourceName=group["ARN"], Tags=written)

    def destroy(self, instance: Instance) -> Instance | None:
        name = _name(instance.stack, instance.address, instance.incarnation)
        group = self._named(name)
        if group is not None:
            if group["Status"] != "deleting":
                self._aws.call("elasticache", "delete_replication_group", ReplicationGroupId=name)
            if self._named(name) is not None:
                return ending(instance, "AWS removes it")
        return None if self._subnets.remove(name) else ending(instance, "its networks are still in use")

    def sweep(self, stack: str, address: str) -> None:
        """Remove the networks of incarnations that a killed run never made."""
        self._subnets.sweep(stack, address, lambda name: self._named(name) is not None)

    def _changed(self, name: str, operation: str, **settings: Any) -> Mapping[str, Any]:
        self._aws.call("elasticache", operation, ReplicationGroupId=name, ApplyImmediately=True, **settings)
        return self._settled(name)

    def _settled(self, name: str) -> Mapping[str, Any]:
        """The group once it takes another change. Raises ProviderError if it is gone, or not ready in its time."""

        def over(group: Mapping[str, Any] | None) -> bool:
            return group is None or group["Status"] not in ("modifying", "creating", "snapshotting")

        seconds = ready_seconds("aws", "cache")
        group = wait_until_over(lambda: self._named(name), over, look_delays(seconds))
        if group is None or not over(group):
            state = "is gone" if group is None else f"is still {group['Status']} after {seconds:g} s"
            raise ProviderError(f"the cache {name} {state}. Run it again: it goes on where it is.")
        return group

    def _tags(self, group: Mapping[str, Any]) -> dict[str, str]:
        try:
            answer = self._aws.call("elasticache", "list_tags_for_resource", ResourceName=group["ARN"])
        except ProviderError as error:
            if is_missing(error):  # it went between the list and this
                return {}
            raise
        return tags.as_mapping(answer["TagList"])

    def _groups(self, **which: Any) -> Iterator[Mapping[str, Any]]:
        return self._aws.pages("elasticache", "describe_replication_groups", "ReplicationGroups", **which)

    def _named(self, name: str) -> Mapping[str, Any] | None:
        return first_of(self._groups(ReplicationGroupId=name))


def _instance(group: Mapping[str, Any], written: Mapping[str, str]) -> Instance | None:
    endpoints = (node["PrimaryEndpoint"] for node in group.get("NodeGroups", ()) if "PrimaryEndpoint" in node)
    endpoint: Mapping[str, Any] = next(endpoints, {})
    outputs = {"host": endpoint["Address"], "port": str(endpoint["Port"])} if endpoint.get("Address") else {}
    created = group.get("ReplicationGroupCreateTime")
    since, status = created.timestamp() if created else now(), str(group["Status"])
    states = {"available": "healthy", "modifying": "healthy", "snapshotting": "healthy", "deleting": "ending"}
    state = states.get(status, "failed" if status == "create-failed" else "starting")
    return tags.instance_of_tags(written, Health(state, f"AWS says {status}", since), outputs)  # type: ignore[arg-type]


def _spreads(group: Mapping[str, Any]) -> bool:
    """Whether one node takes over from another."""
    return str(group.get("AutomaticFailover")) in ("enabled", "enabling")


def _nodes(resource: Resource) -> int:
    nodes = resource.settings["nodes"]
    assert isinstance(nodes, int)
    return nodes


def _name(stack: str, address: str, incarnation: int) -> str:
    return target_name(stack, address, incarnation, ELASTICACHE)
