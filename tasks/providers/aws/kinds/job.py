"""The kind `job` on AWS: one task of Fargate that runs to its end, and is remembered by AWS for about an hour."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.clock import now
from tasks.providers.aws import tags
from tasks.providers.aws.balancing import batches
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of
from tasks.providers.aws.kinds.outcomes import ending
from tasks.providers.aws.names import cluster_name, plain_name, token
from tasks.providers.aws.task_definition import deregister, network_configuration, register
from tasks.providers.aws.task_logs import last_lines
from tasks.providers.seam.kind import Kind

_BATCH = 100
"""So many tasks AWS tells of in one call."""
_ENDED = "STOPPED"


class Job(Kind):
    """Its definition says which it is, and its task how far it got. One without a task was never started."""

    def __init__(self, aws: AwsClient, region: str) -> None:
        self._aws, self._region = aws, region

    def list(self, stack: str) -> Iterator[Instance]:
        for task, written in self._tasks(stack):
            if instance := tags.instance_of_tags(written, _health(task)):
                yield instance

    def look(self, instance: Instance) -> Instance | None:
        for task, written in self._tasks(instance.stack):
            if tags.of(written, instance.stack, instance.address, instance.incarnation):
                return tags.instance_of_tags(written, _health(task))
        return None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        settings = resource.settings
        definition = register(self._aws, resource, incarnation, self._region)
        written = tags.tags_of(resource, incarnation)
        answer = self._aws.call(
            "ecs", "run_task", cluster=settings["cluster"], taskDefinition=definition, launchType="FARGATE", count=1,
            clientToken=token(definition), networkConfiguration=network_configuration(settings),
            tags=tags.as_list(written, "key", "value"),
        )  # fmt: skip
        if not answer["tasks"]:
            reasons = "; ".join(str(failure.get("reason")) for failure in answer["failures"])
            raise ProviderError(f"{resource.address}: AWS did not start it: {reasons}")
        made = tags.instance_of_tags(written, _health(answer["tasks"][0]))
        assert made is not None
        return made

    def destroy(self, instance: Instance) -> Instance | None:
        """End it. AWS forgets an ended task by itself, so what has ended counts as gone once its definition is."""
        for task, written in self._tasks(instance.stack):
            if tags.of(written, instance.stack, instance.address, instance.incarnation) and _runs(task):
                self._end(instance, task)
                return ending(instance, "AWS ends it")
        deregister(self._aws, instance.stack, instance.address, instance.incarnation)
        return None

    def stop(self, instance: Instance, why: str) -> None:  # noqa: ARG002 - AWS keeps its own reason
        for task, written in self._tasks(instance.stack):
            if tags.of(written, instance.stack, instance.address, instance.incarnation) and _runs(task):
                self._end(instance, task)

    def logs(self, instance: Instance, lines: int) -> str:
        name = plain_name(instance.stack, instance.address, instance.incarnation)
        return last_lines(self._aws, instance.stack, name, lines)

    def _end(self, instance: Instance, task: Mapping[str, Any]) -> None:
        cluster = cluster_name(instance.stack)
        self._aws.call("ecs", "stop_task", cluster=cluster, task=task["taskArn"], reason="ended by tenfold")

    def _tasks(self, stack: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, str]]]:
        """Tasks that are of no service and whose definition is active: of others the job is gone."""
        cluster = cluster_name(stack)
        arns: Sequence[str] = ()
        try:
            for state in ("RUNNING", _ENDED):
                arns = (*arns, *self._aws.pages("ecs", "list_tasks", "taskArns", cluster=cluster, desiredStatus=state))
        except ProviderError as error:
            if code_of(error) != "ClusterNotFoundException":
                raise
            return
        active = (
            set(self._aws.pages("ecs", "list_task_definitions", "taskDefinitionArns", status="ACTIVE")) if arns else ()
        )
        for batch in batches(arns, _BATCH):
            answer = self._aws.call("ecs", "describe_tasks", cluster=cluster, tasks=batch, include=["TAGS"])
            for task in answer["tasks"]:
                written = tags.as_mapping(task.get("tags"), "key", "value")
                of_service = str(task.get("group", "")).startswith("service:")
                if not of_service and tags.of(written, stack) and task["taskDefinitionArn"] in active:
                    yield task, written


def _runs(task: Mapping[str, Any]) -> bool:
    return str(task["lastStatus"]) != _ENDED


def _health(task: Mapping[str, Any]) -> Health:
    created = task.get("createdAt")
    since = created.timestamp() if created else now()
    if _runs(task):
        return Health("starting", f"AWS says {task['lastStatus']}", since)
    code = next((container.get("exitCode") for container in task.get("containers", ())), None)
    if code == 0:
        return Health("healthy", "ended with 0", since, code)
    why = f"ended with {code}" if code is not None else str(task.get("stoppedReason") or "it never started")
    return Health("failed", why, since, code)
