"""The kind `logs` on AWS: a log group of CloudWatch, which tasks write to."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.clock import now
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of, is_missing
from tasks.providers.aws.names import LOG_GROUPS, group_name
from tasks.providers.seam.kind import Kind


class Logs(Kind):
    """A group is healthy once it forgets what is old: a killed run may have left that out."""

    def __init__(self, aws: AwsClient) -> None:
        self._aws = aws

    def list(self, stack: str) -> Iterator[Instance]:
        for group in self._groups(f"{LOG_GROUPS}{stack}/"):
            if instance := self._instance(group):
                yield instance

    def look(self, instance: Instance) -> Instance | None:
        name = group_name(instance.stack, instance.address, instance.incarnation)
        group = next((group for group in self._groups(name) if group["logGroupName"] == name), None)
        return self._instance(group) if group else None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        name = group_name(resource.stack, resource.address, incarnation)
        try:
            self._aws.call("logs", "create_log_group", logGroupName=name, tags=tags.tags_of(resource, incarnation))
        except ProviderError as error:
            if code_of(error) != "ResourceAlreadyExistsException":
                raise
        self._keep(name, resource)
        return self._made(name)

    def finish(self, instance: Instance, resource: Resource) -> Instance | None:
        name = group_name(instance.stack, instance.address, instance.incarnation)
        self._keep(name, resource)
        return self._made(name)

    def update(self, instance: Instance, resource: Resource) -> None:
        name = group_name(instance.stack, instance.address, instance.incarnation)
        self._keep(name, resource)
        (group,) = (group for group in self._groups(name) if group["logGroupName"] == name)
        written = tags.tags_of(resource, instance.incarnation)
        self._aws.call("logs", "tag_resource", resourceArn=_arn(group), tags=written)

    def destroy(self, instance: Instance) -> None:
        name = group_name(instance.stack, instance.address, instance.incarnation)
        try:
            self._aws.call("logs", "delete_log_group", logGroupName=name)
        except ProviderError as error:
            if not is_missing(error):
                raise

    def _keep(self, name: str, resource: Resource) -> None:
        self._aws.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=resource.settings["days"])

    def _made(self, name: str) -> Instance:
        (instance,) = (self._instance(group) for group in self._groups(name) if group["logGroupName"] == name)
        assert instance is not None
        return instance

    def _groups(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        return self._aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)

    def _instance(self, group: Mapping[str, Any]) -> Instance | None:
        arn = _arn(group)
        written = self._aws.call("logs", "list_tags_for_resource", resourceArn=arn)["tags"]
        since = group.get("creationTime", now() * 1000) / 1000
        kept = "retentionInDays" in group
        health = Health("healthy", "kept", since) if kept else Health("failed", "it was never told what to keep", since)
        return tags.instance_of_tags(written, health, {"name": group["logGroupName"], "arn": arn})


def _arn(group: Mapping[str, Any]) -> str:
    return str(group["arn"]).removesuffix(":*")
