"""The aws target, opened. What is alike on every target is in `seam`."""

from collections.abc import Iterable
from contextlib import AbstractContextManager

from infra_specs.catalogue.cache import NEED as CACHE
from infra_specs.catalogue.database import ADDRESS as DATABASE
from infra_specs.resources.address import Address
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.target import Aws
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.kinds.cache import Cache
from tasks.providers.aws.kinds.database import Database
from tasks.providers.aws.kinds.job import Job
from tasks.providers.aws.kinds.logs import Logs
from tasks.providers.aws.kinds.network import EXCESS, Network
from tasks.providers.aws.kinds.proxy import Proxy
from tasks.providers.aws.kinds.role import Role
from tasks.providers.aws.kinds.route import Route
from tasks.providers.aws.kinds.secret import Secret
from tasks.providers.aws.kinds.service import Service
from tasks.providers.aws.kinds.snapshots import CAME_FROM
from tasks.providers.aws.measures import CloudWatchMeasures
from tasks.providers.seam.provider import KindProvider


class AwsProvider(KindProvider):
    """Errors are ours where they come from: the client's."""

    target = "aws"

    def __init__(self, target: Aws, aws: AwsClient | None = None) -> None:
        self._aws = aws or AwsClient(target.region, target.profile)
        self._network, self._database, self._cache = Network(self._aws), Database(self._aws), Cache(self._aws)
        self.shelf = self._database
        self.measures = CloudWatchMeasures(target.region, target.profile)
        self._seen: dict[str, tuple[Instance, ...]] = {}
        """Stack -> the last look at it, until something of it is changed."""
        super().__init__(
            {
                "network": self._network,
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
            self._seen[stack] = tuple(super().instances(stack))
        return self._seen[stack]

    def at_address(self, stack: str, address: str) -> Iterable[Instance]:
        """Asked of the one kind that it may be of."""
        kind = self._kind_of(Address.parse(address).kind, address)
        return [instance for instance in kind.list(stack) if instance.address == address]

    def changing(self, stack: str) -> AbstractContextManager[None]:
        self._seen.pop(stack, None)
        return super().changing(stack)

    def sweep(self, stack: str) -> None:
        """Asks nothing of kinds of which the last look saw nothing to sweep, if nothing was changed since."""
        seen = self._seen.get(stack)
        live = {instance.address: instance for instance in seen or () if instance.live}
        if seen is None or any(instance.outputs.get(EXCESS) for instance in seen):
            self._network.sweep(stack)
        if DATABASE not in live or CAME_FROM in live[DATABASE].outputs:
            self._database.sweep(stack, DATABASE)
        if CACHE.address not in live:
            self._cache.sweep(stack, CACHE.address)

    def close(self) -> None:
        self._aws.close()
