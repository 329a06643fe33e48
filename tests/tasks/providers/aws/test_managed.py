"""Caches and databases on AWS as moto has them: what changes in place, and data that is put away and comes back."""

from dataclasses import replace
from typing import Any

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.aws.kinds.cache import Cache
from tasks.providers.aws.kinds.database import Database
from tasks.providers.aws.kinds.network import Network
from tests.tasks.providers.aws.conftest import CountedClient
from tests.tasks.providers.aws.test_network import network

pytestmark = [pytest.mark.local, pytest.mark.proof]


def cache(aws: CountedClient, nodes: int) -> Resource:
    settings: dict[str, Any] = {"version": "8.0", "password": "a" * 20, "class": "cache.t4g.micro", "nodes": nodes}
    return Resource("shop", "cache/main", "cache", {**settings, **placed(aws, "cache")}, mutable=("class", "nodes"))


def database(aws: CountedClient, **settings: Any) -> Resource:
    whole = {
        "version": "17", "user": "app", "name": "app", "password": "a" * 20, "class": "db.t4g.micro", "storage": 20,
        "zones": 1, "backup_days": 1, **placed(aws, "database"), **settings,
    }  # fmt: skip
    mutable = ("password", "class", "storage", "zones", "backup_days")
    return Resource("shop", "database/main", "database", whole, mutable=mutable, stateful=True)


def placed(aws: CountedClient, name: str) -> dict[str, str]:
    made = Network(aws).create(network(), 1)
    return {"subnets": made.outputs["data_subnets"], "group": made.outputs[f"{name}_group"]}


def test_a_cache_gets_the_nodes_that_it_shall_have_and_a_zone_for_each(aws: CountedClient) -> None:
    driver, client = Cache(aws), aws._client("elasticache")
    made = driver.create(cache(aws, 1), 1)
    for nodes, spread in ((2, "enabled"), (1, "disabled")):
        driver.update(made, cache(aws, nodes))
        (group,) = client.describe_replication_groups()["ReplicationGroups"]
        assert len(group["MemberClusters"]) == nodes
        assert (group["AutomaticFailover"], group["MultiAZ"]) == (spread, spread)
        changed = driver.look(made)
        assert changed is not None
        assert changed.fingerprint == cache(aws, nodes).fingerprint
        aws.calls.clear()
        driver.update(changed, cache(aws, nodes))
        assert not {"elasticache.increase_replica_count", "elasticache.modify_replication_group"} & set(aws.calls)


def test_a_database_goes_with_its_data_unless_the_run_asks_for_a_copy(aws: CountedClient) -> None:
    driver = Database(aws)
    made = driver.create(database(aws), 1)
    assert driver.destroy(made) is None
    assert driver.kept("shop") == ()
    assert list(driver.list("shop")) == []


def test_data_that_is_put_away_comes_back_and_its_snapshot_goes(aws: CountedClient) -> None:
    driver = Database(aws)
    made = driver.create(database(aws), 1)
    assert driver.put_away(made, comes_back=True) is None
    (kept,) = driver.kept("shop")
    assert (kept.address, kept.gigabytes, kept.comes_back) == ("database/main", 20, True)
    assert driver.kept("other") == ()

    wanted = database(aws, **{"class": "db.t4g.small", "storage": 30})
    back = driver.create(wanted, 1)
    assert back.fingerprint == wanted.fingerprint
    (told,) = aws._client("rds").describe_db_instances()["DBInstances"]
    assert (told["DBInstanceClass"], told["AllocatedStorage"], told["DeletionProtection"]) == ("db.t4g.small", 30, True)
    assert driver.create(wanted, 1).outputs == back.outputs, "after an answer that was lost"
    driver.sweep("shop", "database/main")
    assert driver.kept("shop") == ()
    assert driver.look(back) is not None


def test_a_new_password_is_given_once_the_data_is_back(aws: CountedClient) -> None:
    driver = Database(aws)
    driver.put_away(driver.create(database(aws), 1), comes_back=True)
    wanted = database(aws, password="b" * 20)
    back = driver.create(wanted, 1)
    assert {name for name in wanted.digests if wanted.digests[name] != back.digests[name]} == {"password"}
    driver.update(back, wanted)
    changed = driver.look(back)
    assert changed is not None
    assert changed.fingerprint == wanted.fingerprint


def test_less_storage_than_the_data_has_is_refused_before_it_comes_back(aws: CountedClient) -> None:
    driver = Database(aws)
    driver.put_away(driver.create(database(aws, storage=40), 1), comes_back=True)
    with pytest.raises(ProviderError, match="has 40 GB, and its storage only grows"):
        driver.create(database(aws), 1)


def test_a_last_copy_never_comes_back_and_stays(aws: CountedClient) -> None:
    driver = Database(aws)
    driver.put_away(driver.create(database(aws), 1), comes_back=False)
    (copy,) = driver.kept("shop")
    assert not copy.comes_back
    aws.calls.clear()
    made = driver.create(database(aws), 1)
    assert "rds.create_db_instance" in aws.calls
    driver.sweep("shop", "database/main")
    driver.put_away(made, comes_back=True)
    driver.clear("shop", keep_last=False)
    assert driver.kept("shop") == (copy,)


def test_data_that_was_put_away_becomes_a_last_copy_where_one_is_wanted(aws: CountedClient) -> None:
    driver = Database(aws)
    driver.put_away(driver.create(database(aws), 1), comes_back=True)
    (shelved,) = driver.kept("shop")
    for _ in range(2):  # killed and run again
        driver.clear("shop", keep_last=True)
        (copy,) = driver.kept("shop")
        assert (copy.name, copy.comes_back) == (shelved.name, False)


def test_only_what_a_database_came_back_from_is_swept(aws: CountedClient) -> None:
    """Of data on the shelf that nothing came back from nobody knows that it is elsewhere, too."""
    driver = Database(aws)
    driver.put_away(driver.create(database(aws), 1), comes_back=True)
    client = aws._client("rds")
    (kept,) = driver.kept("shop")
    back = driver.create(database(aws), 1)
    client.remove_tags_from_resource(ResourceName=arn_of(client), TagKeys=["tenfold:came-from"])
    driver.sweep("shop", "database/main")
    assert driver.kept("shop") == (kept,)
    assert isinstance(back, Instance)


def arn_of(client: Any) -> str:
    (told,) = client.describe_db_instances()["DBInstances"]
    return str(told["DBInstanceArn"])


def test_a_copy_that_aws_refuses_keeps_the_database(aws: CountedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Database(aws)
    made = driver.create(database(aws), 1)
    call = aws.call

    def refused(service: str, operation: str, **parameters: Any) -> Any:
        if operation == "delete_db_instance":
            raise ProviderError("AWS refused rds:DeleteDBInstance (SnapshotQuotaExceeded)")
        return call(service, operation, **parameters)

    monkeypatch.setattr(aws, "call", refused)
    with pytest.raises(ProviderError, match="SnapshotQuotaExceeded"):
        driver.put_away(made, comes_back=True)
    monkeypatch.undo()
    looked = driver.look(made)
    assert looked is not None
    assert looked == replace(made, health=looked.health)
