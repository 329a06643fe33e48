"""The kind `cache` on AWS: an ElastiCache for Valkey with a password, so by TLS only; it keeps nothing for good."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.resources.target_name import ELASTICACHE, target_name
from tasks.base.clock import now
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of, is_in_use, is_missing
from tasks.providers.aws.names import MOST_INCARNATIONS
from tasks.providers.seam.kind import Kind


class Cache(Kind):
    """One group of one node, or of two in two zones."""

    def __init__(self, aws: AwsClient) -> None:
        self._aws = aws

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
        return instance if instance.ending and self._has_subnets(name) else None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        name, settings = _name(resource.stack, resource.address, incarnation), resource.settings
        self._make_subnets(name, resource, incarnation)
        nodes = settings["nodes"]
        assert isinstance(nodes, int)
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
            raise ProviderError(
                f"{resource.address} of stack {resource.stack} vanished while it was made: run it again"
            )
        return made

    def update(self, instance: Instance, resource: Resource) -> None:
        name = _name(instance.stack, instance.address, instance.incarnation)
        self._aws.call(
            "elasticache", "modify_replication_group", ReplicationGroupId=name,
            CacheNodeType=resource.settings["class"], ApplyImmediately=True,
        )  # fmt: skip
        group = self._named(name)
        assert group is not None
        written = tags.as_list(tags.tags_of(resource, instance.incarnation))
        self._aws.call("elasticache", "add_tags_to_resource", ResourceName=group["ARN"], Tags=written)

    def destroy(self, instance: Instance) -> Instance | None:
        name = _name(instance.stack, instance.address, instance.incarnation)
        group = self._named(name)
        if group is not None:
            if group["Status"] != "deleting":
                self._aws.call("elasticache", "delete_replication_group", ReplicationGroupId=name)
            if self._named(name) is not None:
                return _ending(instance, "AWS removes it")
        return None if self._remove_subnets(name) else _ending(instance, "its networks are still in use")

    def sweep(self, stack: str, address: str) -> None:
        """Remove the networks of incarnations that a killed run never made."""
        groups = self._aws.pages("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups")
        own = {_name(stack, address, number) for number in range(1, MOST_INCARNATIONS)}
        for name in [str(group["CacheSubnetGroupName"]) for group in groups]:
            if name in own and self._named(name) is None:
                self._remove_subnets(name)

    def _make_subnets(self, name: str, resource: Resource, incarnation: int) -> None:
        written = tags.part_tags(resource.stack, resource.address, incarnation, "subnets")
        try:
            self._aws.call(
                "elasticache", "create_cache_subnet_group", CacheSubnetGroupName=name,
                CacheSubnetGroupDescription=f"{resource.address} of stack {resource.stack}",
                SubnetIds=str(resource.settings["subnets"]).split(","), Tags=tags.as_list(written),
            )  # fmt: skip
        except ProviderError as error:
            if code_of(error) not in ("CacheSubnetGroupAlreadyExists", "CacheSubnetGroupAlreadyExistsFault"):
                raise

    def _remove_subnets(self, name: str) -> bool:
        try:
            self._aws.call("elasticache", "delete_cache_subnet_group", CacheSubnetGroupName=name)
        except ProviderError as error:
            if is_in_use(error):
                return False
            if not is_missing(error):
                raise
        return True

    def _has_subnets(self, name: str) -> bool:
        try:
            answer = self._aws.call("elasticache", "describe_cache_subnet_groups", CacheSubnetGroupName=name)
        except ProviderError as error:
            if is_missing(error):
                return False
            raise
        return bool(answer["CacheSubnetGroups"])

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
        try:
            return next(iter(self._groups(ReplicationGroupId=name)), None)
        except ProviderError as error:
            if is_missing(error):
                return None
            raise


def _instance(group: Mapping[str, Any], written: Mapping[str, str]) -> Instance | None:
    endpoints = (node["PrimaryEndpoint"] for node in group.get("NodeGroups", ()) if "PrimaryEndpoint" in node)
    endpoint: Mapping[str, Any] = next(endpoints, {})
    outputs = {"host": endpoint["Address"], "port": str(endpoint["Port"])} if endpoint.get("Address") else {}
    created = group.get("ReplicationGroupCreateTime")
    since, status = created.timestamp() if created else now(), str(group["Status"])
    states = {"available": "healthy", "modifying": "healthy", "snapshotting": "healthy", "deleting": "ending"}
    state = states.get(status, "failed" if status == "create-failed" else "starting")
    return tags.instance_of_tags(written, Health(state, f"AWS says {status}", since), outputs)  # type: ignore[arg-type]


def _ending(instance: Instance, why: str) -> Instance:
    return replace(instance, health=Health("ending", why, now()))


def _name(stack: str, address: str, incarnation: int) -> str:
    return target_name(stack, address, incarnation, ELASTICACHE)
