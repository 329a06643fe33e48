"""A whole stack on AWS, as moto has it: made in the order of its plan, found as it was made, changed, and removed."""

from collections.abc import Mapping
from random import Random

import pytest

from infra_specs.catalogue.job import before_jobs
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Change, Plan
from infra_specs.pricing.state import priced_state
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Ref, Reference, Resource
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Aws
from tasks.providers.aws.provider import AwsProvider
from tasks.providers.seam.kind import Kind
from tests.infra_specs.pricing.aws.on_aws import WEB, on_aws
from tests.tasks.providers.aws.conftest import REGION, CountedClient, Killed

pytestmark = [pytest.mark.local, pytest.mark.proof]

MOST_CALLS = 25
"""So many calls tell that nothing is to do for a stack of two services."""


def shop(image: str = "shop:1", replicas: int = 2, recipe: str = "cheap") -> Stack:
    services = {
        "web": {**WEB, "image": image, "replicas": replicas, "env": {"STRIPE": {"secret": "stripe"}}},
        "work": {"image": image},
    }
    return on_aws(
        REGION, target={"recipe": recipe}, services=services, needs={"database": "postgres", "cache": "valkey"}
    )  # fmt: skip


class World:
    """One stack, driven by plans as the engine drives it, with no engine: what a change needs, and no more."""

    def __init__(self, client: CountedClient) -> None:
        self.client = client
        self.provider = AwsProvider(Aws(provider="aws", region=REGION), client)

    def plan(self, desired: tuple[Resource, ...], *, delete_data: bool = False, shelves: bool = False) -> Plan:
        seen = self.provider.observe("shop")
        return make_plan("shop", desired, seen, delete_data=delete_data, shelves=shelves, moment=1e12)

    def reach(self, desired: tuple[Resource, ...], *, delete_data: bool = False, shelves: bool = False) -> None:
        """Plan and apply until nothing is left to do."""
        for _ in range(12):
            plan = self.plan(desired, delete_data=delete_data, shelves=shelves)
            if plan.empty:
                return
            for wave in plan.waves:
                made = {instance.address: instance for instance in self.provider.observe("shop") if instance.live}
                for change in wave:
                    self.apply(change, made, shelves=shelves)
        raise AssertionError(f"never done: {[str(change) for change in plan.changes]}")

    def apply(self, change: Change, made: Mapping[str, Instance], *, shelves: bool) -> None:
        if change.action == "destroy":
            assert change.instance is not None
            if shelves and change.instance.stateful:
                self.provider.put_away(change.instance, comes_back=True)
            else:
                self.provider.destroy(change.instance)
        elif change.action == "update":
            assert change.instance is not None
            assert change.resource is not None
            self.provider.update(change.instance, resolved(change.resource, made))
        elif change.action == "create":
            assert change.resource is not None
            self.provider.create(resolved(change.resource, made))

    def seen(self) -> Mapping[str, Instance]:
        return {str(instance): instance for instance in self.provider.observe("shop")}


def resolved(resource: Resource, made: Mapping[str, Instance]) -> Resource:
    def value_of(reference: Reference) -> str:
        if isinstance(reference, Ref):
            return made[reference.address].outputs[reference.output]
        return f"value-of-{reference.secret}-{reference.version}"

    return resource.resolved(value_of)


def desired(stack: Stack) -> tuple[Resource, ...]:
    return priced_state(stack, size(stack), {})


def everything_left(client: CountedClient) -> list[str]:
    """All that an account still holds of us, service by service."""
    left = [str(vpc["VpcId"]) for vpc in client.pages("ec2", "describe_vpcs", "Vpcs") if not vpc["IsDefault"]]
    left += [item["LoadBalancerName"] for item in client.pages("elbv2", "describe_load_balancers", "LoadBalancers")]
    left += [item["TargetGroupName"] for item in client.pages("elbv2", "describe_target_groups", "TargetGroups")]
    left += [item["DBInstanceIdentifier"] for item in client.pages("rds", "describe_db_instances", "DBInstances")]
    left += [item["DBSubnetGroupName"] for item in client.pages("rds", "describe_db_subnet_groups", "DBSubnetGroups")]
    left += [
        item["ReplicationGroupId"]
        for item in client.pages("elasticache", "describe_replication_groups", "ReplicationGroups")
    ]
    left += [
        item["CacheSubnetGroupName"]
        for item in client.pages("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups")
        if item["CacheSubnetGroupName"] != "default"
    ]
    left += [item["Name"] for item in client.pages("secretsmanager", "list_secrets", "SecretList")]
    left += [item["logGroupName"] for item in client.pages("logs", "describe_log_groups", "logGroups")]
    left += [item["RoleName"] for item in client.pages("iam", "list_roles", "Roles") if "tenfold" in item["Path"]]
    clusters = client._client("ecs").describe_clusters(clusters=["tenfold-shop"])["clusters"]
    return left + [item["clusterName"] for item in clusters if item["status"] == "ACTIVE"]


def test_the_life_of_a_stack(endpoint: str) -> None:
    world = World(CountedClient())
    world.reach(desired(shop()))
    seen = world.seen()
    assert set(seen) == {resource.address for resource in desired(shop())}
    assert {instance.health.state for instance in seen.values()} <= {"healthy", "starting"}
    assert world.provider.stacks() == ("shop",)

    world.client.calls.clear()
    assert world.plan(desired(shop())).empty
    assert len(world.client.calls) <= MOST_CALLS, sorted(world.client.calls)

    world.reach(desired(shop(replicas=5)))
    assert len(world.seen()) == len(seen)

    world.reach(desired(shop(image="shop:2")))
    changed = world.seen()
    assert "service/web#2" in changed
    assert "service/web" not in changed

    world.reach((), delete_data=True)
    assert everything_left(world.client) == []


SPARE = 9
"""An incarnation beside those of the stack that stands."""
KINDS = ("proxy/main", "database/main", "cache/main", "service/web", "service/work", "route/web", "job/before-web")


@pytest.fixture
def standing(endpoint: str) -> tuple[dict[str, Resource], World]:
    """Resources of a stack with a job, all settings known, and a world that holds the stack."""
    stack = shop()
    web = stack.services["web"].model_copy(update={"before": ["migrate"]})
    (job,) = before_jobs(
        stack.model_copy(update={"services": {"web": web}}),
        source="/", secrets={"stripe": 1}, images={}, code={}, release=1,
    )  # fmt: skip
    world = World(CountedClient())
    world.reach(desired(stack))
    made = {instance.address: instance for instance in world.seen().values()}
    return {resource.address: resolved(resource, made) for resource in (*desired(stack), job)}, world


def test_killed_after_some_calls_each_kind_ends_as_one_and_leaves_nothing(
    standing: tuple[dict[str, Resource], World],
) -> None:
    """Two points of each kind; all of them: `python -m benchmarks.aws_kills`."""
    resources, world = standing
    for address in KINDS:
        calls = calls_of(resources[address])
        for point in Random(address).sample(range(1, len(calls) + 1), 2):
            kill_at(point, resources[address], world)


def calls_of(resource: Resource) -> list[str]:
    """The calls that make and remove a thing of this kind."""
    client = CountedClient()
    kind = kind_of(client, resource)
    until_gone(kind, kind.create(resource, SPARE))
    return client.calls


def kill_at(point: int, resource: Resource, world: World) -> None:
    """A process that makes and removes it ends after this call; another one goes on, to the same end."""
    before = everything_left(world.client)
    client = CountedClient(end_after=point)
    killed, made = kind_of(client, resource), False
    try:
        instance = killed.create(resource, SPARE)
        made = True
        until_gone(killed, instance)
    except Killed:
        pass
    kind = kind_of(world.client, resource)
    where = f"{resource.address}, killed after {client.calls[-1]}"
    if not made:
        assert kind.create(resource, SPARE).fingerprint == resource.fingerprint, where
    ours = [item for item in kind.list("shop") if (item.address, item.incarnation) == (resource.address, SPARE)]
    assert len(ours) <= 1, where
    for item in ours:
        until_gone(kind, item)
    World(world.client).provider.sweep("shop")  # as a run does that has changed something since its last look
    assert everything_left(world.client) == before, where


def kind_of(client: CountedClient, resource: Resource) -> Kind:
    """The driver alone: what the seam asks before it is the same for every kind."""
    return AwsProvider(Aws(provider="aws", region=REGION), client)._kinds[resource.kind]


def until_gone(kind: Kind, instance: Instance | None) -> None:
    """Destroyed until nothing is left of it."""
    for _ in range(20):
        if instance is None:
            return
        left = kind.destroy(instance)
        instance = kind.look(left) if left else None
    raise AssertionError(f"{instance} never goes")
