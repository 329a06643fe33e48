"""Rules of a balancer's listener on AWS: which requests go where. Of several that fit the least number holds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra_specs.errors import ProviderError
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of

LAST = 50_000
"""The greatest number that a rule may have."""
_ATTEMPTS = 20
_LONGEST_PATH = 128


def rules_of(aws: AwsClient, balancer: str) -> Iterator[Mapping[str, Any]]:
    """Every rule of a balancer's listeners, those aside that hold where no other fits."""
    for listener in aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=balancer):
        yield from listener_rules(aws, listener["ListenerArn"])


def listener_rules(aws: AwsClient, listener: str) -> Iterator[Mapping[str, Any]]:
    """The same of one listener."""
    for rule in aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener):
        if not rule.get("IsDefault"):
            yield rule


def priority_of(host: str, path: str) -> int:
    """Where the rule of a route begins to look for a number: a whole host before a part of one, a long path first."""
    rank = 2 if host == "*" else 1 if host.startswith("*.") else 0
    return 1 + rank * 13_000 + (_LONGEST_PATH - min(len(path), _LONGEST_PATH)) * 100


def add_rule(
    aws: AwsClient,
    listener: str,
    *,
    conditions: Sequence[Mapping[str, Any]],
    actions: Sequence[Mapping[str, Any]],
    written: Mapping[str, str],
    priority: int | None = None,
) -> Mapping[str, Any]:
    """Add a rule at the first free number from `priority` on; by None at the last free one of all."""
    for _ in range(_ATTEMPTS):
        taken = {int(rule["Priority"]) for rule in listener_rules(aws, listener)}
        numbers = range(LAST, 0, -1) if priority is None else range(priority, LAST)
        free = next(number for number in numbers if number not in taken)
        try:
            answer = aws.call(
                "elbv2", "create_rule", ListenerArn=listener, Priority=free, Conditions=list(conditions),
                Actions=list(actions), Tags=tags.as_list(written),
            )  # fmt: skip
        except ProviderError as error:
            if code_of(error) != "PriorityInUse":
                raise
        else:
            rule: Mapping[str, Any] = answer["Rules"][0]
            return rule
    raise ProviderError(f"no number of a rule stays free at {listener}: others change it. Run it again.")
