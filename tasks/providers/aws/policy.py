"""The least that an account must permit, from the table of our calls: `tenfold aws policy` prints it.

Pure. Names and conditions are from AWS's documents; no emulator shows whether AWS reads all of them so.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from infra_specs.resources.target_name import RDS
from tasks.providers.aws.calls import CALLS, Scope, action_of

TAG = "tenfold:stack"
SERVICE_ROLES = ("ecs", "elasticloadbalancing", "rds", "elasticache")
"""Services that make a role of their own when an account uses them for the first time."""


def policy(region: str) -> dict[str, Any]:
    """A policy document for stacks in a region, as AWS takes it."""
    statements = [
        _statement("Look", _actions("all"), "*"),
        _statement("Make", _actions("new", "inside"), "*", {"Null": {f"aws:RequestTag/{TAG}": "false"}}),
        _statement("Change", _actions("ours", "inside", "tag"), "*", {"Null": {f"aws:ResourceTag/{TAG}": "false"}}),
        *_tags_of_new_things(),
        _statement("TagData", _actions("data"), _data(region)),
        _statement("CopyData", ("rds:CreateDBSnapshot",), _copies(region)),
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


def _tags_of_new_things() -> Iterator[dict[str, Any]]:
    """To make a thing with tags is to tag it, too, which AWS permits apart. It says by which call the thing is made."""
    for service, operations in CALLS.items():
        for operation, scope in operations.items():
            if scope == "tag":
                prefix, _, name = action_of(service, operation).partition(":")
                condition = {"Null": {f"{prefix}:CreateAction": "false"}}
                yield _statement(f"TagNew{prefix.capitalize()}", (f"{prefix}:{name}",), "*", condition)


def _data(region: str) -> list[str]:
    """Databases, caches and what belongs to them: services that do not say by which call a thing is made."""
    sorts = {"rds": ("db", "subgrp", "snapshot"), "elasticache": ("replicationgroup", "subnetgroup", "cluster")}
    return [f"arn:aws:{service}:{region}:*:{sort}:{RDS.prefix}-*" for service, names in sorts.items() for sort in names]


def _copies(region: str) -> list[str]:
    """What AWS asks for, beside the permission to delete a database, when its last snapshot is made with it."""
    return [f"arn:aws:rds:{region}:*:{sort}:{RDS.prefix}-*" for sort in ("db", "snapshot")]


def _statement(
    name: str, actions: Iterable[str], resource: str | list[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    statement = {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})
