"""The policy permits exactly the calls that are in the table, and the table names calls that AWS has."""

import json
from pathlib import Path

import boto3
import pytest

from tasks.providers.aws.calls import CALLS, action_of
from tasks.providers.aws.policy import policy

pytestmark = pytest.mark.pure

LARGEST_POLICY = 6144
"""Characters of a managed policy, white space aside."""
EXTRA = {"iam:PassRole", "iam:CreateServiceLinkedRole", "rds:CreateDBSnapshot"}


def permitted() -> list[str]:
    return [action for statement in policy("eu-central-1")["Statement"] for action in statement["Action"]]


def test_each_call_is_permitted_and_nothing_else_is() -> None:
    calls = {action_of(service, operation) for service, operations in CALLS.items() for operation in operations}
    assert set(permitted()) == calls | EXTRA
    twice = {action for action in permitted() if permitted().count(action) > 1}
    both = {
        action_of(service, name)
        for service in CALLS
        for name, scope in CALLS[service].items()
        if scope in ("inside", "tag")
    }
    assert twice == both


@pytest.mark.parametrize("service", CALLS)
def test_aws_has_each_call_by_this_name(service: str) -> None:
    """From the SDK's own files: nothing is asked, and no credentials are needed."""
    client = boto3.client(
        service, region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none"
    )  # fmt: skip
    for operation in CALLS[service]:
        name = client.meta.method_to_api_mapping[operation]
        assert action_of(service, operation).partition(":")[2] == name


def test_no_call_that_changes_something_is_permitted_on_everything() -> None:
    """But for the end of a definition, which AWS binds to nothing."""
    everywhere = {"deregister_task_definition"}
    looks = ("describe_", "list_", "get_", "filter_")
    for operations in CALLS.values():
        for operation, scope in operations.items():
            assert scope != "all" or operation.startswith(looks) or operation in everywhere, operation


def test_every_call_of_the_code_is_in_the_table() -> None:
    """And none is there that nobody makes: an account need not permit it."""
    folder = Path(__file__).parents[4] / "tasks/providers/aws"
    code = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py") if path.name != "calls.py")
    unused = [
        f"{service}.{operation}" for service in CALLS for operation in CALLS[service] if f'"{operation}"' not in code
    ]
    assert unused == []


def test_a_policy_fits_into_one() -> None:
    assert len("".join(json.dumps(policy("ap-southeast-7")).split())) <= LARGEST_POLICY


def test_what_is_made_in_a_thing_of_ours_is_permitted_by_the_tag_of_both() -> None:
    """AWS asks for each thing in a request alone: the subnet has our tag in the request, and its VPC as it stands."""
    by_name = {statement["Sid"]: statement["Action"] for statement in policy("eu-central-1")["Statement"]}
    assert "ec2:CreateSubnet" in by_name["Make"]
    assert "ec2:CreateSubnet" in by_name["Change"]


def test_a_database_may_be_deleted_with_a_last_snapshot() -> None:
    """AWS asks for the permission to make one, on the database and on the snapshot."""
    by_name = {statement["Sid"]: statement for statement in policy("eu-central-1")["Statement"]}
    assert by_name["CopyData"] == {
        "Sid": "CopyData", "Effect": "Allow", "Action": ["rds:CreateDBSnapshot"],
        "Resource": ["arn:aws:rds:eu-central-1:*:db:tf-*", "arn:aws:rds:eu-central-1:*:snapshot:tf-*"],
    }  # fmt: skip


def test_nothing_foreign_can_be_made_ours_by_a_tag() -> None:
    """Who could tag anything in the account could change and delete anything in it."""
    permits = {"ec2:CreateTags", "ecs:TagResource", "elasticloadbalancing:AddTags"}
    for statement in policy("eu-central-1")["Statement"]:
        if permits & set(statement["Action"]):
            ((key, value),) = statement["Condition"]["Null"].items()
            assert value == "false"
            assert key == "aws:ResourceTag/tenfold:stack" or key.endswith(":CreateAction")
        if {"rds:AddTagsToResource", "elasticache:AddTagsToResource"} & set(statement["Action"]):
            assert all(":tf-" in resource for resource in statement["Resource"])


def test_changes_are_bound_to_our_tag_and_names_to_our_prefix() -> None:
    by_name = {statement["Sid"]: statement for statement in policy("eu-central-1")["Statement"]}
    assert by_name["Make"]["Condition"] == {"Null": {"aws:RequestTag/tenfold:stack": "false"}}
    assert by_name["Change"]["Condition"] == {"Null": {"aws:ResourceTag/tenfold:stack": "false"}}
    assert by_name["Secrets"]["Resource"] == "arn:aws:secretsmanager:eu-central-1:*:secret:tenfold/*"
    assert by_name["GiveRoles"]["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
