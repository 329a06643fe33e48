"""What a task of AWS Fargate is told: its image, command, environment, and the names of its secrets."""

from collections.abc import Mapping, Sequence
from typing import Any

from infra_specs.resources.resource import Resource
from tasks.base.clock import now
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.names import plain_name, token

CONTAINER = "main"
LATE_SECONDS = 900.0
"""So much later AWS's lists surely show a task or service that was made; until then a token knows it."""
_BIRTH = "tenfold:birth"
PROCESSORS = {"arm64": "ARM64", "x86_64": "X86_64"}


def register(aws: AwsClient, resource: Resource, incarnation: int, region: str) -> str:
    """Register the definition of one incarnation, and return its ARN, which is of one birth of it alone.

    Called again soon, after an answer that was lost: the same one. So a token made of it starts nothing twice. A name
    that comes back has another revision, for those of what was removed are no longer active.
    """
    settings = resource.settings
    family = plain_name(resource.stack, resource.address, incarnation)
    birth = token(resource.fingerprint, sorted(resource.bindings.items()))
    if registered := _just_registered(aws, family, birth):
        return registered
    written = tags.part_tags(resource.stack, resource.address, incarnation, "definition")
    answer = aws.call(
        "ecs", "register_task_definition", family=family, requiresCompatibilities=["FARGATE"], networkMode="awsvpc",
        cpu=str(settings["cpu"]), memory=str(settings["memory"]), executionRoleArn=settings["role"],
        runtimePlatform={
            "cpuArchitecture": PROCESSORS[str(settings["processor"])], "operatingSystemFamily": "LINUX",
        },
        containerDefinitions=[container(settings, family, region)],
        tags=tags.as_list({**written, _BIRTH: birth}, "key", "value"),
    )  # fmt: skip
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def deregister(aws: AwsClient, stack: str, address: str, incarnation: int) -> None:
    """No task can be started from it any more. AWS keeps the definition, which costs nothing."""
    for arn in _active(aws, plain_name(stack, address, incarnation)):
        aws.call("ecs", "deregister_task_definition", taskDefinition=arn)


def _just_registered(aws: AwsClient, family: str, birth: str) -> str | None:
    """The active definition of this birth, if it is so young that AWS may not show yet what was made of it."""
    for arn in _active(aws, family):
        answer = aws.call("ecs", "describe_task_definition", taskDefinition=arn, include=["TAGS"])
        registered = answer["taskDefinition"].get("registeredAt")
        young = registered is not None and now() - registered.timestamp() < LATE_SECONDS
        if young and tags.as_mapping(answer.get("tags"), "key", "value").get(_BIRTH) == birth:
            return arn
    return None


def _active(aws: AwsClient, family: str) -> list[str]:
    """The active definitions of a family, whose name may begin those of others."""
    listed = aws.pages("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE")
    return [str(arn) for arn in listed if str(arn).rpartition("/")[2].partition(":")[0] == family]


def network_configuration(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Where tasks with these settings stand."""
    return {
        "awsvpcConfiguration": {
            "subnets": str(settings["subnets"]).split(","),
            "securityGroups": [settings["group"]],
            "assignPublicIp": "ENABLED" if settings["public_address"] else "DISABLED",
        }
    }


def container(settings: Mapping[str, Any], name: str, region: str) -> dict[str, Any]:
    """The one container of a task."""
    env, secrets, port = settings["env"], settings["secrets"], settings.get("port")
    assert isinstance(env, Mapping)
    assert isinstance(secrets, Mapping)
    told = {**env, **({"PORT": port} if port is not None else {})}
    return {
        "name": CONTAINER,
        "image": settings["image"],
        "versionConsistency": "enabled",
        "essential": True,
        "memory": settings["memory"],
        **_words("command", settings.get("command")),
        **_words("entryPoint", settings.get("entrypoint")),
        "environment": [{"name": variable, "value": str(value)} for variable, value in told.items()],
        "secrets": [{"name": variable, "valueFrom": version} for variable, version in secrets.items()],
        **({"portMappings": [{"containerPort": port, "protocol": "tcp"}]} if port is not None else {}),
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": settings["logs"],
                "awslogs-region": region,
                "awslogs-stream-prefix": name,
            },
        },
    }


def _words(key: str, words: object) -> dict[str, list[str]]:
    return {key: [str(word) for word in words]} if isinstance(words, Sequence) and words else {}
