"""The aws target, opened. What is alike on every target is in `seam`."""

from collections.abc import Iterable

from infra_specs.catalogue.cache import NEED as CACHE
from infra_specs.catalogue.database import ADDRESS as DATABASE
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.target import Aws
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.kinds.cache import Cache
from tasks.providers.aws.kinds.database import Database
from tasks.providers.aws.kinds.job import Job
from tasks.providers.aws.kinds.logs import Logs
from tasks.providers.aws.kinds.network import Network
from tasks.providers.aws.kinds.proxy import Proxy
from tasks.providers.aws.kinds.role import Role
from tasks.providers.aws.kinds.route import Route
from tasks.providers.aws.kinds.secret import Secret
from tasks.providers.aws.kinds.service import Service
from tasks.providers.seam.provider import KindProvider


class AwsProvider(KindProvider):
    """Errors are ours where they come from: the client's."""

    target = "aws"

    def __init__(self, target: Aws, aws: AwsClient | None = None) -> None:
        self._aws = aws or AwsClient(target.region, target.profile)
        self._database, self._cache = Database(self._aws), Cache(self._aws)
        self.shelf = self._database
        super().__init__(
            {
                "network": Network(self._aws),
                "logs": Logs(self._aws),
                "role": Role(self._aws),
                "secret": Secret(self._aws),
                "proxy": Proxy(self._aws),
                "service": Service(self._aws, target.region),
                "route": Route(self._aws),
                "database": self._database,
                "cache": self._cache,
                "job": Job(self._aws, target.region),
            }
        )

    def stacks(self) -> tuple[str, ...]:
        """Every stack that has a network: it is made first and goes last."""
        filters = [{"Name": "tag-key", "Values": [tags.STACK]}]
        vpcs = self._aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=filters)
        return tuple(sorted({tags.as_mapping(vpc["Tags"])[tags.STACK] for vpc in vpcs}))

    def instances(self, stack: str) -> Iterable[Instance]:
        with self._aws.remembering():
            return list(super().instances(stack))

    def sweep(self, stack: str) -> None:
        self._database.sweep(stack, DATABASE)
        self._cache.sweep(stack, CACHE.address)

    def close(self) -> None:
        self._aws.close()
