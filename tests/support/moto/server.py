"""moto as a server of its own, mended where it differs from AWS: run by the Python of moto's own environment.

Tasks of ECS count as running and as healthy targets, but for images whose name says `broken`: ECS gives their services
up. Tasks of their own write their command to their log and end with 0, or with 1 if it is `false`. Caches change their
nodes, and end when they are deleted. A call that moto does not have is answered with 400: with its 500 clients would
try again.
"""
# mypy: ignore-errors

import sys
import time

from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from moto.elasticache.exceptions import CacheSubnetGroupNotFound
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse
from moto.elbv2.exceptions import TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus
from moto.logs.models import logs_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple


def mend() -> None:
    """Put the behaviour of AWS in place of moto's."""
    mend_services()
    mend_tasks()
    mend_caches()
    call_action = BaseResponse.call_action

    def answered(self):
        try:
            return call_action(self)
        except NotImplementedError as error:
            return 400, {}, f'{{"__type": "NotImplemented", "message": "{error}"}}'

    BaseResponse.call_action = answered


def mend_services() -> None:
    """Their tasks run at once, or never."""
    create_service = EC2ContainerServiceBackend.create_service

    def created(self, *words, **options):
        service = create_service(self, *words, **options)
        definition = self.describe_task_definition(service.task_definition)
        works = "broken" not in definition.container_definitions[0]["image"]
        service.works = works
        service.running_count, service.pending_count = service.desired_count if works else 0, 0
        state = {"rolloutState": "COMPLETED"}
        if not works:
            state = {"rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start"}
        for deployment in service.deployments:
            deployment.update(runningCount=service.running_count, pendingCount=0, **state)
        return service

    def target_health(self, target_group_arn, targets):
        if target_group_arn not in self.target_groups:
            raise TargetGroupNotFoundError
        services = ecs_backends[self.account_id][self.region_name].services.values()
        return [
            FakeHealthStatus(f"10.0.0.{number}", "80", None, "healthy")
            for service in services
            for balancer in service.load_balancers
            if balancer["targetGroupArn"] == target_group_arn and service.status == "ACTIVE" and service.works
            for number in range(service.desired_count)
        ]

    EC2ContainerServiceBackend.create_service = created
    ELBv2Backend.describe_target_health = target_health


def mend_tasks() -> None:
    """What a task of its own writes, and what it ends with."""
    run_task = EC2ContainerServiceBackend.run_task

    def run(self, cluster_str, task_definition_str, *words, **options):
        tasks = run_task(self, cluster_str, task_definition_str, *words, **options)
        (container,) = self.describe_task_definition(task_definition_str).container_definitions
        command, options = container.get("command", []), container["logConfiguration"]["options"]
        groups = logs_backends[self.account_id][self.region_name]
        for task in tasks:
            task.containers[0].exitCode = 1 if command == ["false"] else 0
            stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task.id}"
            groups.create_log_stream(options["awslogs-group"], stream)
            event = {"timestamp": int(time.time() * 1000), "message": " ".join(command)}
            groups.put_log_events(options["awslogs-group"], stream, [event])
        return tasks

    EC2ContainerServiceBackend.run_task = run


def mend_caches() -> None:
    """They end, their networks too, and their nodes come and go."""
    delete_group = ElastiCacheBackend.delete_replication_group

    def deleted(self, replication_group_id, *words, **options):
        group = delete_group(self, replication_group_id, *words, **options)
        del self.replication_groups[replication_group_id]
        return group

    def subnets_deleted(self):
        name = self._get_param("CacheSubnetGroupName")
        if self.elasticache_backend.cache_subnet_groups.pop(name, None) is None:
            raise CacheSubnetGroupNotFound(name)
        return EmptyResult()

    def resized(self):
        group = self.elasticache_backend.replication_groups[self._get_param("ReplicationGroupId")]
        nodes = int(self._get_param("NewReplicaCount")) + 1
        group.member_clusters = [f"{group.replication_group_id}-{node:03}" for node in range(1, nodes + 1)]
        return ActionResult({"ReplicationGroup": group})

    ElastiCacheResponse.delete_cache_subnet_group = subnets_deleted
    ElastiCacheResponse.increase_replica_count = resized
    ElastiCacheResponse.decrease_replica_count = resized
    ElastiCacheBackend.delete_replication_group = deleted


if __name__ == "__main__":
    mend()
    run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=True)
