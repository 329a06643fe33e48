"""moto as a server of its own, mended where it differs from AWS: run by the Python of moto's own environment.

Tasks of ECS count as running, caches end when they are deleted, and a call that moto does not have is answered with
400: with its 500 clients would try again.
"""
# mypy: ignore-errors

import sys

from moto.core.responses import BaseResponse
from moto.ecs.models import EC2ContainerServiceBackend
from moto.elasticache.models import ElastiCacheBackend
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

    def answered(self):
        try:
            return call_action(self)
        except NotImplementedError as error:
            return 400, {}, f'{{"__type": "NotImplemented", "message": "{error}"}}'

    EC2ContainerServiceBackend.create_service = created
    ElastiCacheBackend.delete_replication_group = deleted
    BaseResponse.call_action = answered


if __name__ == "__main__":
    mend()
    run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=True)
