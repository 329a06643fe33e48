"""moto as a server of its own, mended where it differs from AWS: run by the Python of moto's own environment.

Tasks of ECS count as running and as healthy targets, caches end when they are deleted, and a call that moto does not
have is answered with 400: with its 500 clients would try again.
"""
# mypy: ignore-errors

import sys

from moto.core.responses import BaseResponse, EmptyResult
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from moto.elasticache.exceptions import CacheSubnetGroupNotFound
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse
from moto.elbv2.exceptions import TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple


def mend() -> None:
    """Put the behaviour of AWS in place of moto's."""
    create_service = EC2ContainerServiceBackend.create_service
    delete_group = ElastiCacheBackend.delete_replication_group
    call_action = BaseResponse.call_action

    def created(self, *words, **options):
        service = create_service(self, *words, **options)
        service.running_count, service.pending_count = service.desired_count, 0
        for deployment in service.deployments:
            deployment.update(runningCount=service.desired_count, pendingCount=0, rolloutState="COMPLETED")
        return service

    def deleted(self, replication_group_id, *words, **options):
        group = delete_group(self, replication_group_id, *words, **options)
        del self.replication_groups[replication_group_id]
        return group

    def subnets_deleted(self):
        name = self._get_param("CacheSubnetGroupName")
        if self.elasticache_backend.cache_subnet_groups.pop(name, None) is None:
            raise CacheSubnetGroupNotFound(name)
        return EmptyResult()

    def answered(self):
        try:
            return call_action(self)
        except NotImplementedError as error:
            return 400, {}, f'{{"__type": "NotImplemented", "message": "{error}"}}'

    def target_health(self, target_group_arn, targets):
        if target_group_arn not in self.target_groups:
            raise TargetGroupNotFoundError
        services = ecs_backends[self.account_id][self.region_name].services.values()
        return [
            FakeHealthStatus(f"10.0.0.{number}", "80", None, "healthy")
            for service in services
            for balancer in service.load_balancers
            if balancer["targetGroupArn"] == target_group_arn and service.status == "ACTIVE"
            for number in range(service.desired_count)
        ]

    ElastiCacheResponse.delete_cache_subnet_group = subnets_deleted
    ELBv2Backend.describe_target_health = target_health
    EC2ContainerServiceBackend.create_service = created
    ElastiCacheBackend.delete_replication_group = deleted
    BaseResponse.call_action = answered


if __name__ == "__main__":
    mend()
    run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=True)
