"""Where a balancer of AWS sends the requests of one release: a target group, and the rule that lets it be used.

ECS refuses a service whose group no rule names, and such a group is not probed. So each group has a rule of its own
from its beginning, which no request matches; routes give it requests.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Resource
from infra_specs.resources.target_name import LOAD_BALANCER, target_name
from tasks.providers.aws import tags
from tasks.providers.aws.balancing import with_tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of, is_in_use, is_missing
from tasks.providers.aws.kinds.outcomes import first_of
from tasks.providers.aws.rules import add_unmatched, rules_of

SHORTEST_INTERVAL, LONGEST_INTERVAL = 5, 300
LONGEST_DRAIN = 3600


def group_name(stack: str, address: str, incarnation: int) -> str:
    """The name of the group of one incarnation of a service."""
    return target_name(stack, address, incarnation, LOAD_BALANCER)


def create_group(aws: AwsClient, resource: Resource, incarnation: int) -> str:
    """Make the group and its rule, or go on with them; returns the group's ARN."""
    settings = resource.settings
    interval = settings.get("interval", SHORTEST_INTERVAL)
    assert isinstance(interval, int | float)
    name = group_name(resource.stack, resource.address, incarnation)
    group = find_group(aws, name)
    if group is None:
        written = {**tags.tags_of(resource, incarnation), tags.PART: "group"}
        answer = aws.call(
            "elbv2", "create_target_group", Name=name, Protocol="HTTP", Port=settings["port"], TargetType="ip",
            VpcId=settings["network"], HealthCheckPath=settings["health"],
            HealthCheckIntervalSeconds=min(max(round(interval), SHORTEST_INTERVAL), LONGEST_INTERVAL),
            HealthCheckTimeoutSeconds=SHORTEST_INTERVAL - 1, HealthyThresholdCount=2, UnhealthyThresholdCount=3,
            Matcher={"HttpCode": "200"}, Tags=tags.as_list(written),
        )  # fmt: skip
        group = answer["TargetGroups"][0]
    arn = str(group["TargetGroupArn"])
    _set_attributes(aws, arn, resource)
    if not group.get("LoadBalancerArns"):
        _name_it(aws, resource, incarnation, arn)
    return arn


def find_group(aws: AwsClient, name: str) -> Mapping[str, Any] | None:
    """The group of this name."""
    return first_of(aws.pages("elbv2", "describe_target_groups", "TargetGroups", Names=[name]))


def groups_of(aws: AwsClient, stack: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, str]]]:
    """Every group of a stack, with its tags: one call for each page, and one for twenty groups."""
    groups = aws.pages("elbv2", "describe_target_groups", "TargetGroups")
    for group, written in with_tags(aws, groups, "TargetGroupArn"):
        if tags.of(written, stack) and written.get(tags.PART) == "group":
            yield group, written


def remove_group(aws: AwsClient, name: str) -> bool:
    """Whether it is gone. It is not while a route still names it."""
    group = find_group(aws, name)
    if group is None:
        return True
    arn = group["TargetGroupArn"]
    for balancer in group.get("LoadBalancerArns", ()):
        for rule in rules_of(aws, balancer):
            if _is_own_rule(rule, name):
                aws.call("elbv2", "delete_rule", RuleArn=rule["RuleArn"])
    try:
        aws.call("elbv2", "delete_target_group", TargetGroupArn=arn)
    except ProviderError as error:
        if is_in_use(error) or code_of(error) == "ResourceInUse":
            return False
        if not is_missing(error):
            raise
    return True


def _set_attributes(aws: AwsClient, arn: str, resource: Resource) -> None:
    drain, sticky = resource.settings.get("drain", 0), bool(resource.settings.get("sticky"))
    assert isinstance(drain, int | float)
    attributes = {
        "deregistration_delay.timeout_seconds": str(min(round(drain), LONGEST_DRAIN)),
        "stickiness.enabled": str(sticky).lower(),
        "stickiness.type": "lb_cookie",
    }
    aws.call(
        "elbv2", "modify_target_group_attributes", TargetGroupArn=arn,
        Attributes=[{"Key": key, "Value": value} for key, value in attributes.items()],
    )  # fmt: skip


def _name_it(aws: AwsClient, resource: Resource, incarnation: int, arn: str) -> None:
    name = group_name(resource.stack, resource.address, incarnation)
    listener = resource.settings["listener"]
    assert isinstance(listener, str)
    add_unmatched(
        aws, listener,
        conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": [_nobodys_host(name)]}}],
        actions=[{"Type": "forward", "TargetGroupArn": arn}],
        written=tags.part_tags(resource.stack, str(Address.parse(resource.address)), incarnation, "rule"),
    )  # fmt: skip


def _is_own_rule(rule: Mapping[str, Any], name: str) -> bool:
    hosts = [host for condition in rule.get("Conditions", ()) for host in _hosts(condition)]
    return hosts == [_nobodys_host(name)]


def _hosts(condition: Mapping[str, Any]) -> list[str]:
    return list(condition.get("HostHeaderConfig", {}).get("Values", ()) or condition.get("Values", ()))


def _nobodys_host(name: str) -> str:
    return f"{name}.invalid"  # a name that nobody can have
