"""The whole life of a stack on AWS, as moto has it, through the flows that a user starts. Nothing is left at its end.

moto holds records alone: it shows which calls are made in which order, and neither times nor traffic.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import boto3
import pytest

from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from flows.rollback import rollback
from flows.run import run
from flows.scale import scale
from flows.teardown import teardown
from infra_specs.resources.instance import Instance
from infra_specs.resources.services import holds_copies
from infra_specs.stackfile.models.target import Aws
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.aws.provider import AwsProvider
from tests.flows.going import done, failed
from tests.tasks.providers.aws.conftest import REGION, CountedClient, endpoint, server
from tests.tasks.providers.aws.test_stack import MOST_CALLS, everything_left

pytestmark = [pytest.mark.prefect, pytest.mark.proof, pytest.mark.usefixtures("prefect_server")]
__all__ = ["endpoint", "server"]  # fixtures


def spec(**web: Any) -> dict[str, Any]:
    service = {"image": "shop:1", "port": 80, "public": True, "replicas": {"min": 2, "max": 5}, **web}
    return {
        "name": "shop",
        "target": {"provider": "aws", "region": REGION, "recipe": "cheap"},
        "services": {"web": service, "work": {"image": "shop:1", "command": "work"}},
        "needs": {"database": "postgres", "cache": "valkey"},
    }


@pytest.fixture
def calls(endpoint: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every call that the flows make to AWS."""
    made: list[str] = []
    monkeypatch.setattr(
        "tasks.providers.aws.client.AwsClient.answered",
        lambda _, service, operation: made.append(f"{service}.{operation}"),
    )
    return made


@pytest.fixture
def step(calls: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    """Prints how many calls were made since the last step, and forgets them; returns them."""

    def counted(what: str) -> list[str]:
        step_calls = list(calls)
        calls.clear()
        with capsys.disabled():
            print(f"\n  {what}: {len(step_calls)} calls", end="")
        return step_calls

    return counted


def observed() -> tuple[Instance, ...]:
    return AwsProvider(Aws(provider="aws", region=REGION)).observe("shop")


def running() -> list[str]:
    """The services that live, and how many of their tasks run."""
    services = [item for item in observed() if holds_copies(item.kind) and not item.failed]
    return [f"{service}: {len(service.members)}" for service in services]


def snapshots() -> list[str]:
    """Those that cost: automated ones go with their database."""
    listed = boto3.client("rds", region_name=REGION).describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    return [str(snapshot["DBSnapshotIdentifier"]) for snapshot in listed]


def led_to() -> Counter[str]:
    """Where the rule of the one route leads: a name of a group, and its weight."""
    client = boto3.client("elbv2", region_name=REGION)
    (balancer,) = client.describe_load_balancers()["LoadBalancers"]
    (listener,) = client.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    rules = client.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    paths = [rule for rule in rules if any(part["Field"] == "path-pattern" for part in rule["Conditions"])]
    groups = [group for rule in paths for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]]
    return Counter({group["TargetGroupArn"].split("/")[1]: group["Weight"] for group in groups})


async def test_the_whole_life_of_a_stack(step: Any) -> None:
    assert await done(provision, spec=spec(), source="/") == "13 created, 0 unchanged"
    step("provision")
    assert running() == ["service/web: 2", "service/work: 1"]

    step("a look")
    assert (await done(provision, spec=spec(), source="/")).startswith("nothing to do")
    nothing = step("nothing to do")
    assert len(nothing) <= MOST_CALLS, Counter(nothing)

    assert (await done(deploy, stack="shop", service="web", image="shop:2")).startswith("release 2 serves")
    step("release")
    assert running() == ["service/web#2: 2", "service/work: 1"]
    assert list(led_to()) == ["tf-shop-service-web-2"]

    step("a look")
    message = await failed(deploy, stack="shop", service="web", image="shop:broken")
    assert "was undone: release 2 serves" in message
    assert "tasks failed to start" in message
    step("bad release, undone")
    assert running() == ["service/web#2: 2", "service/work: 1"]
    assert list(led_to()) == ["tf-shop-service-web-2"]

    step("a look")
    await done(deploy, stack="shop", service="web", image="shop:3", canary=10, bake=1)
    step("canary")
    await done(rollback, stack="shop", release=2)
    step("rollback")

    for count in (5, 2):
        await done(scale, stack="shop", service="web", replicas=count)
        step(f"scale to {count}")
        (web, _) = running()
        assert web.endswith(f": {count}")
        step("a look")

    assert (await done(run, stack="shop", service="web", command="migrate now")).startswith("migrate now: ended with 0")
    step("run")
    assert "ended with 1" in await failed(run, stack="shop", service="web", command="false")
    step("run, failed")
    assert not [item for item in observed() if item.kind == "job"]

    kept = await done(teardown, stack="shop")
    assert "Its data is put away: database/main in tf-shop-database-main-1-shelf-" in kept
    step("teardown, data kept")
    assert everything_left(CountedClient()) == []
    assert len(snapshots()) == 1

    step("a look")
    await done(provision, stack="shop")
    assert "rds.restore_db_instance_from_db_snapshot" in step("back from the shelf")
    await done(reconcile, stack="shop")
    assert snapshots() == []

    await done(teardown, stack="shop", delete_data=True, no_backup=True)
    step("teardown, data deleted")
    assert everything_left(CountedClient()) == []
    assert snapshots() == []
    with Ledger.open(settings()) as ledger:
        assert ledger.stacks.find("shop") is None


async def test_deleted_data_leaves_a_last_copy_that_never_comes_back(calls: list[str]) -> None:
    await done(provision, spec=spec(), source="/")
    summary = await done(teardown, stack="shop", delete_data=True)
    assert (
        "Last copies of its data stay until you remove them: database/main in tf-shop-database-main-1-last-copy-"
        in (summary)
    )
    calls.clear()
    await done(provision, spec=spec(), source="/")
    assert "rds.create_db_instance" in calls
    await done(teardown, stack="shop")
    assert "delete it for ever" in await done(teardown, stack="shop")
    await done(teardown, stack="shop", delete_data=True, no_backup=True)
    (left,) = snapshots()
    assert "last-copy" in left
    assert everything_left(CountedClient()) == []


async def test_without_credentials_nothing_is_touched_and_it_says_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    assert "there are no credentials for AWS. Write them into a profile" in await failed(
        provision, spec=spec(), source="/"
    )
    with Ledger.open(settings()) as ledger:
        assert ledger.stacks.find("shop") is None
