"""The least that an account must permit, from the table of our calls: `tenfold aws policy` prints it.

Pure. Names and conditions are from AWS's documents; no emulator shows whether AWS reads all of them so.
"""

from collections.abc import Iterable
from typing import Any

from tasks.providers.aws.calls import CALLS, Scope, action_of

TAG = "tenfold:stack"
SERVICE_ROLES = ("ecs", "elasticloadbalancing", "rds", "elasticache")
"""Services that make a role of their own when an account uses them for the first time."""


def policy(region: str) -> dict[str, Any]:
    """A policy document for stacks in a region, as AWS takes it."""
    statements = [
        _statement("Look", _actions("all"), "*"),
        _statement("Make", _actions("new", "inside"), "*", {"Null": {f"aws:RequestTag/{TAG}": "false"}}),
        _statement("Change", _actions("ours", "inside"), "*", {"Null": {f"aws:ResourceTag/{TAG}": "false"}}),
        _statement("Secrets", _actions("secret"), f"arn:aws:secretsmanager:{region}:*:secret:tenfold/*"),
        _statement("Logs", _actions("log"), f"arn:aws:logs:{region}:*:log-group:/tenfold/*"),
        _statement("Roles", _actions("role"), "arn:aws:iam::*:role/tenfold/*"),
        _statement(
            "GiveRoles",
            ("iam:PassRole",),
            "arn:aws:iam::*:role/tenfold/*",
            {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        _statement(
            "FirstUse",
            ("iam:CreateServiceLinkedRole",),
            "arn:aws:iam::*:role/aws-service-role/*",
            {"StringEquals": {"iam:AWSServiceName": [f"{service}.amazonaws.com" for service in SERVICE_ROLES]}},
        ),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _actions(*scopes: Scope) -> tuple[str, ...]:
    return tuple(
        sorted(
            action_of(service, operation)
            for service, operations in CALLS.items()
            for operation, own in operations.items()
            if own in scopes
        )
    )


def _statement(
    name: str, actions: Iterable[str], resource: str, condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    statement = {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})
