"""Logs, role and secret on AWS: made once, found by tags, changed in place, and gone."""

from contextlib import suppress
from dataclasses import replace

import pytest

from infra_specs.resources.resource import Resource
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.kinds.logs import Logs
from tasks.providers.aws.kinds.role import Role
from tasks.providers.aws.kinds.secret import Secret
from tasks.providers.seam.kind import Kind
from tests.tasks.providers.aws.conftest import CountedClient, Killed

pytestmark = [pytest.mark.local, pytest.mark.proof]

LOGS = Resource("shop", "logs/main", "logs", {"days": 7}, mutable=("days",))
ROLE = Resource(
    "shop", "role/main", "role", {"logs": "arn:aws:logs:eu-central-1:1:log-group:/tenfold/shop/logs/main/1"}
)
SECRET = Resource("shop", "secret/web-database-url", "secret", {"text": "postgresql://app:hunter2@db/app"})
CASES = [
    pytest.param(Logs, LOGS, replace(LOGS, settings={"days": 30}, digests={}), id="logs"),
    pytest.param(
        Role,
        ROLE,
        replace(ROLE, settings={"logs": "arn:aws:logs:eu-central-1:1:log-group:/other"}, digests={}),
        id="role",
    ),
    pytest.param(Secret, SECRET, replace(SECRET, settings={"text": "another"}, digests={}), id="secret"),
]


@pytest.mark.parametrize(("kind", "resource", "changed"), CASES)
def test_its_life(aws: AwsClient, kind: type[Kind], resource: Resource, changed: Resource) -> None:
    driver = kind(aws)  # type: ignore[call-arg]
    made = driver.create(resource, 1)
    assert (made.fingerprint, made.incarnation, made.health.state) == (resource.fingerprint, 1, "healthy")
    again = driver.create(resource, 1)
    assert again.outputs == made.outputs
    assert list(driver.list("shop")) == [made]
    assert list(driver.list("sho")) == list(driver.list("other")) == []
    driver.update(made, changed)
    looked = driver.look(made)
    assert looked is not None
    assert looked.fingerprint == changed.fingerprint
    other = driver.create(resource, 2)
    assert {instance.incarnation for instance in driver.list("shop")} == {1, 2}
    for instance in (made, made, other):
        assert driver.destroy(instance) is None
    assert driver.look(made) is None
    assert list(driver.list("shop")) == []


@pytest.mark.parametrize(("kind", "resource", "_changed"), CASES)
def test_killed_after_any_call_it_ends_as_one(
    endpoint: str, kind: type[Kind], resource: Resource, _changed: Resource
) -> None:
    whole = CountedClient()
    kind(whole).create(resource, 1)  # type: ignore[call-arg]
    kind(whole).destroy(next(iter(kind(whole).list("shop"))))  # type: ignore[call-arg]
    for point in range(1, len(whole.calls)):
        killed = CountedClient(end_after=point)
        driver = kind(killed)  # type: ignore[call-arg]
        with suppress(Killed):
            driver.destroy(driver.create(resource, 1))
        after = kind(CountedClient())  # type: ignore[call-arg]
        left = list(after.list("shop"))
        assert len(left) <= 1, point
        for instance in left:
            finished = after.finish(instance, resource) if instance.failed else instance
            assert finished is not None
            assert finished.health.state == "healthy", point
            assert after.destroy(finished) is None
        assert list(after.list("shop")) == [], point


def test_a_new_text_is_a_new_version_and_the_old_one_is_still_read(aws: AwsClient) -> None:
    driver = Secret(aws)
    first = driver.create(SECRET, 1)
    driver.update(first, replace(SECRET, settings={"text": "another"}, digests={}))
    second = driver.look(first)
    assert second is not None
    assert second.outputs["arn"] == first.outputs["arn"]
    assert second.outputs["version"] != first.outputs["version"]


def test_a_text_that_comes_back_is_the_current_one_again(aws: AwsClient) -> None:
    driver = Secret(aws)
    other = replace(SECRET, settings={"text": "another"}, digests={})
    instance = driver.create(SECRET, 1)
    for resource in (other, SECRET, other):
        before = instance
        driver.update(before, resource)
        driver.update(before, resource)  # after an answer that was lost
        found = driver.look(before)
        assert found is not None
        assert found.outputs["version"] != before.outputs["version"]
        instance = found
        (kept,) = aws._client("secretsmanager").list_secrets()["SecretList"]
        told = aws._client("secretsmanager").get_secret_value(SecretId=kept["Name"])
        assert told["SecretString"] == resource.settings["text"]


def test_no_value_is_in_a_tag(aws: AwsClient) -> None:
    made = Secret(aws).create(SECRET, 1)
    assert "hunter2" not in str(made)
