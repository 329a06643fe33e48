"""The kind `service` on AWS: one release of a service as an ECS service of its own, with its own target group.

Made in this order: group with its rule, task definition, service. Removed in the opposite one: tasks drain first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance, Member
from infra_specs.resources.resource import Resource
from infra_specs.resources.services import COUNT, ENDPOINT
from tasks.base.clock import now
from tasks.providers.aws import tags
from tasks.providers.aws.balancing import batches
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of, is_missing
from tasks.providers.aws.kinds.outcomes import ending
from tasks.providers.aws.kinds.target_group import create_group, find_group, group_name, groups_of, remove_group
from tasks.providers.aws.names import cluster_name, plain_name, token
from tasks.providers.aws.task_definition import CONTAINER, deregister, network_configuration, register
from tasks.providers.aws.task_logs import last_lines
from tasks.providers.seam.kind import Kind

_BATCH = 10
"""So many services AWS tells of in one call."""
_GONE = ("ClusterNotFoundException", "ServiceNotFoundException", "ServiceNotActiveException")


class Service(Kind):
    """A count changes in place. What fails is said by ECS's circuit breaker, which is told to undo nothing."""

    def __init__(self, aws: AwsClient, region: str) -> None:
        self._aws, self._region = aws, region

    def list(self, stack: str) -> Iterator[Instance]:
        groups: dict[tuple[str, str], tuple[Mapping[str, Any], Mapping[str, str]]] = {
            (written[tags.ADDRESS], written[tags.INCARNATION]): (group, written)
            for group, written in groups_of(self._aws, stack)
        }
        for service in self._services(stack):
            written = tags.as_mapping(service.get("tags"), "key", "value")
            if not tags.of(written, stack):
                continue
            beside = groups.pop((written[tags.ADDRESS], written[tags.INCARNATION]), None)
            if instance := self._instance(service, written, beside[0] if beside else {}):
                yield instance
        for group, told in groups.values():
            yield _half_made(group, told)

    def look(self, instance: Instance) -> Instance | None:
        name = plain_name(instance.stack, instance.address, instance.incarnation)
        group = find_group(self._aws, group_name(instance.stack, instance.address, instance.incarnation))
        for service in self._described(instance.stack, [name]):
            written = tags.as_mapping(service.get("tags"), "key", "value")
            return self._instance(service, written, group or {})
        if group is None:
            return None
        return replace(instance, health=Health("failed", "half made: it has no service", now()), members=())

    def create(self, resource: Resource, incarnation: int) -> Instance:
        settings = resource.settings
        balancers: dict[str, Any] = {}
        if settings.get("port") is not None:
            group = create_group(self._aws, resource, incarnation)
            balancers = {
                "loadBalancers": [
                    {"targetGroupArn": group, "containerName": CONTAINER, "containerPort": settings["port"]}
                ],
                "healthCheckGracePeriodSeconds": round(resource.patience.start_seconds) if resource.patience else 60,
            }  # fmt: skip
        name = plain_name(resource.stack, resource.address, incarnation)
        if not list(self._described(resource.stack, [name])):
            definition = register(self._aws, resource, incarnation, self._region)
            written = tags.tags_of(resource, incarnation)
            self._aws.call(
                "ecs", "create_service", cluster=settings["cluster"], serviceName=name,
                clientToken=token(definition), taskDefinition=definition, desiredCount=settings[COUNT],
                launchType="FARGATE", networkConfiguration=network_configuration(settings),
                propagateTags="SERVICE",
                deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
                tags=tags.as_list(written, "key", "value"), **balancers,
            )  # fmt: skip
        (service,) = self._described(resource.stack, [name])
        group_told = find_group(self._aws, group_name(resource.stack, resource.address, incarnation))
        made = self._instance(service, tags.as_mapping(service.get("tags"), "key", "value"), group_told or {})
        assert made is not None
        return made

    def finish(self, instance: Instance, resource: Resource) -> Instance | None:
        name = plain_name(instance.stack, instance.address, instance.incarnation)
        whole = any(True for _ in self._described(instance.stack, [name]))
        return None if whole else self.create(resource, instance.incarnation)

    def update(self, instance: Instance, resource: Resource) -> None:
        name = plain_name(instance.stack, instance.address, instance.incarnation)
        (service,) = self._described(instance.stack, [name])
        self._aws.call(
            "ecs", "update_service", cluster=cluster_name(instance.stack), service=name,
            desiredCount=resource.settings[COUNT],
        )  # fmt: skip
        written = tags.as_list(tags.tags_of(resource, instance.incarnation), "key", "value")
        self._aws.call("ecs", "tag_resource", resourceArn=service["serviceArn"], tags=written)

    def stop(self, instance: Instance, why: str) -> None:  # noqa: ARG002 - AWS keeps its own events as the reason
        self._scale_to_nothing(instance)

    def destroy(self, instance: Instance) -> Instance | None:
        """Its tasks drain first, for as long as its group's delay; then its group goes, and its definition."""
        name = plain_name(instance.stack, instance.address, instance.incarnation)
        for service in self._described(instance.stack, [name]):
            if service["status"] == "ACTIVE":
                self._scale_to_nothing(instance)
                self._aws.call("ecs", "delete_service", cluster=cluster_name(instance.stack), service=name, force=True)
            left = next(iter(self._described(instance.stack, [name])), None)
            if left is not None:
                return ending(instance, "its tasks drain")
        if not remove_group(self._aws, group_name(instance.stack, instance.address, instance.incarnation)):
            return ending(instance, "a route still leads to its target group")
        deregister(self._aws, instance.stack, instance.address, instance.incarnation)
        return None

    def logs(self, instance: Instance, lines: int) -> str:
        name = plain_name(instance.stack, instance.address, instance.incarnation)
        return last_lines(self._aws, instance.stack, name, lines)

    def _scale_to_nothing(self, instance: Instance) -> None:
        name = plain_name(instance.stack, instance.address, instance.incarnation)
        try:
            self._aws.call("ecs", "update_service", cluster=cluster_name(instance.stack), service=name, desiredCount=0)
        except ProviderError as error:
            if code_of(error) not in _GONE:
                raise

    def _services(self, stack: str) -> Iterator[Mapping[str, Any]]:
        try:
            arns = list(self._aws.pages("ecs", "list_services", "serviceArns", cluster=cluster_name(stack)))
        except ProviderError as error:
            if code_of(error) in _GONE:
                return
            raise
        yield from self._described(stack, arns)

    def _described(self, stack: str, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Those of these services that are not gone."""
        for batch in batches(tuple(names), _BATCH):
            try:
                answer = self._aws.call(
                    "ecs", "describe_services", cluster=cluster_name(stack), services=batch, include=["TAGS"]
                )
            except ProviderError as error:
                if code_of(error) in _GONE:
                    return
                raise
            yield from (service for service in answer["services"] if service["status"] != "INACTIVE")

    def _instance(
        self, service: Mapping[str, Any], written: Mapping[str, str], group: Mapping[str, Any]
    ) -> Instance | None:
        arn = group.get("TargetGroupArn", "")
        states = self._target_states(arn) if arn else {}
        members = tuple(Member(target, arn, state == "healthy") for target, state in states.items())
        if not arn:
            members = tuple(Member(f"task-{number}") for number in range(service["runningCount"]))
        instance = tags.instance_of_tags(
            written, _health(service, states, routed=bool(arn)), {ENDPOINT: arn} if arn else {}
        )
        return replace(instance, members=members) if instance else None

    def _target_states(self, arn: str) -> Mapping[str, str]:
        try:
            answer = self._aws.call("elbv2", "describe_target_health", TargetGroupArn=arn)
        except ProviderError as error:
            if is_missing(error):
                return {}
            raise
        targets = answer["TargetHealthDescriptions"]
        return {f"{each['Target']['Id']}": each["TargetHealth"]["State"] for each in targets}


def _health(service: Mapping[str, Any], states: Mapping[str, str], *, routed: bool) -> Health:
    deployment: Mapping[str, Any] = next(iter(service.get("deployments", ())), {})
    since = service["createdAt"].timestamp() if "createdAt" in service else now()
    desired, running = service["desiredCount"], service["runningCount"]
    healthy = sum(state == "healthy" for state in states.values())
    if service["status"] == "DRAINING":
        return Health("ending", "its tasks drain", since)
    if deployment.get("rolloutState") == "FAILED":
        return Health("failed", str(deployment.get("rolloutStateReason") or "ECS gave it up"), since)
    if running < desired:
        return Health("starting", f"{running} of {desired} tasks run", since)
    if routed and healthy < desired:
        return Health("starting", f"{healthy} of {desired} tasks answer the balancer", since)
    return Health("healthy", f"{running} of {desired} tasks run", since)


def _half_made(group: Mapping[str, Any], written: Mapping[str, str]) -> Instance:
    record = {key: value for key, value in written.items() if key != tags.PART}
    health = Health("failed", "half made: it has no service", now())
    instance = tags.instance_of_tags(record, health, {ENDPOINT: group["TargetGroupArn"]})
    assert instance is not None
    return instance
