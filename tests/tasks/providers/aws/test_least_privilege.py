"""The printed policy suffices for the whole life of a stack, and each of its statements is needed.

moto enforces actions by name. It knows no conditions and no names of things, so both are left out of what it is given.
"""

import json
from collections.abc import Callable, Iterator
from urllib.request import Request, urlopen

import boto3
import pytest

from infra_specs.errors import ProviderError
from tasks.providers.aws.policy import policy
from tests.tasks.providers.aws.conftest import REGION, CountedClient
from tests.tasks.providers.aws.test_stack import World, desired, shop

pytestmark = [pytest.mark.local, pytest.mark.proof]


def enforce(server: str, after: str) -> None:
    """Permissions count from so many calls on."""
    plain = {"Content-Type": "text/plain"}
    urlopen(Request(f"{server}/moto-api/reset-auth", after.encode(), plain, method="POST"), timeout=30).close()


@pytest.fixture
def as_user(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], World]]:
    """A world that is driven with the policy, but for one statement; all of it for an empty name."""
    iam = boto3.client("iam", region_name=REGION)

    def driven(without: str) -> World:
        statements = [
            {"Effect": "Allow", "Action": statement["Action"], "Resource": "*"}
            for statement in policy(REGION)["Statement"]
            if statement["Sid"] != without
        ]
        iam.create_user(UserName="tenfold")
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName="tenfold", PolicyName="tenfold", PolicyDocument=document)
        key = iam.create_access_key(UserName="tenfold")["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        enforce(endpoint, "0")
        return World(CountedClient())

    yield driven
    enforce(endpoint, "inf")


def test_it_suffices_for_the_life_of_a_stack(as_user: Callable[[str], World]) -> None:
    world = as_user("")
    world.reach(desired(shop(recipe="balanced")))
    world.reach(desired(shop(recipe="balanced", replicas=3)))
    world.reach(desired(shop(recipe="balanced", image="shop:2")))
    world.reach((), delete_data=True)
    assert world.seen() == {}


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("Look", "ec2:DescribeVpcs"),
        ("Make", "ec2:CreateVpc"),
        ("Change", "ec2:ModifyVpcAttribute"),
        ("Logs", "logs:CreateLogGroup"),
        ("Secrets", "secretsmanager:CreateSecret"),
        ("Roles", "iam:ListRoleTags|iam:CreateRole"),
    ],
)
def test_without_a_statement_the_first_call_that_needs_it_is_refused_by_name(
    as_user: Callable[[str], World], statement: str, first: str
) -> None:
    world = as_user(statement)
    with pytest.raises(ProviderError, match=rf"AWS does not permit ({first}) here\. Add it to the policy"):
        world.reach(desired(shop()))
