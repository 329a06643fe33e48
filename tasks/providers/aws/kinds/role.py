"""The kind `role` on AWS: the role that tasks are started with. It writes logs and reads the stack's own secrets."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of, is_missing
from tasks.providers.aws.names import ROLES, SECRETS, plain_name
from tasks.providers.seam.kind import Kind

POLICY = "tenfold"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class Role(Kind):
    """Roles are of no region, so their names and paths tell the stack."""

    def __init__(self, aws: AwsClient) -> None:
        self._aws = aws

    def list(self, stack: str) -> Iterator[Instance]:
        for role in self._aws.pages("iam", "list_roles", "Roles", PathPrefix=_path(stack)):
            if instance := self._instance(role):
                yield instance

    def look(self, instance: Instance) -> Instance | None:
        name = plain_name(instance.stack, instance.address, instance.incarnation)
        roles = self._aws.pages("iam", "list_roles", "Roles", PathPrefix=_path(instance.stack))
        role = next((role for role in roles if role["RoleName"] == name), None)
        return self._instance(role) if role else None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        name = plain_name(resource.stack, resource.address, incarnation)
        try:
            self._aws.call(
                "iam", "create_role", RoleName=name, Path=_path(resource.stack),
                AssumeRolePolicyDocument=json.dumps(TRUST),
                Tags=tags.as_list(tags.tags_of(resource, incarnation)),
            )  # fmt: skip
        except ProviderError as error:
            if code_of(error) != "EntityAlreadyExists":
                raise
        return self._permit(name, resource)

    def finish(self, instance: Instance, resource: Resource) -> Instance | None:
        return self._permit(plain_name(instance.stack, instance.address, instance.incarnation), resource)

    def update(self, instance: Instance, resource: Resource) -> None:
        name = plain_name(instance.stack, instance.address, instance.incarnation)
        self._permit(name, resource)
        written = tags.as_list(tags.tags_of(resource, instance.incarnation))
        self._aws.call("iam", "tag_role", RoleName=name, Tags=written)

    def destroy(self, instance: Instance) -> None:
        name = plain_name(instance.stack, instance.address, instance.incarnation)
        for operation, parameters in (("delete_role_policy", {"PolicyName": POLICY}), ("delete_role", {})):
            try:
                self._aws.call("iam", operation, RoleName=name, **parameters)
            except ProviderError as error:
                if not is_missing(error):
                    raise

    def _permit(self, name: str, resource: Resource) -> Instance:
        document = json.dumps(_permissions(resource))
        self._aws.call("iam", "put_role_policy", RoleName=name, PolicyName=POLICY, PolicyDocument=document)
        roles = self._aws.pages("iam", "list_roles", "Roles", PathPrefix=_path(resource.stack))
        (instance,) = (self._instance(role) for role in roles if role["RoleName"] == name)
        assert instance is not None
        return instance

    def _instance(self, role: Mapping[str, Any]) -> Instance | None:
        name, since = role["RoleName"], role["CreateDate"].timestamp()
        written = tags.as_mapping(self._aws.call("iam", "list_role_tags", RoleName=name)["Tags"])
        policies = self._aws.call("iam", "list_role_policies", RoleName=name)["PolicyNames"]
        permits = POLICY in policies
        health = Health("healthy", "permits", since) if permits else Health("failed", "it permits nothing yet", since)
        return tags.instance_of_tags(written, health, {"arn": role["Arn"]})


def _path(stack: str) -> str:
    return f"{ROLES}{stack}/"


def _permissions(resource: Resource) -> dict[str, Any]:
    """What a task may do before its program runs: write its log, read its secrets. Its program may do nothing."""
    logs = resource.settings["logs"]
    assert isinstance(logs, str)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"{logs}:*",
            },
            {
                "Effect": "Allow",
                "Action": ["secretsmanager:GetSecretValue"],
                "Resource": f"arn:aws:secretsmanager:*:*:secret:{SECRETS}{resource.stack}/*",
            },
        ],
    }
