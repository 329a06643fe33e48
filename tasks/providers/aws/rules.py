"""Rules of a balancer's listener on AWS: which requests go where. Of several that fit the least number holds.

A whole host comes before a part of one, and a long path before a short one. So the number of a route lies between
those of routes that come before it and after it. Where none is free there, all routes get other numbers in one call.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias

from infra_specs.errors import ProviderError
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of

LAST = 50_000
"""The greatest number that a rule may have."""
_LAST_OF_ROUTES = 45_000
_ATTEMPTS = 20
_LONGEST_PATH = 128
_ROUTES_LOCK = Lock()
"""Two routes that are numbered at once would not see each other."""

Rank: TypeAlias = tuple[int, int]
"""What of a route comes first: the kind of its host, and its path, the longest first."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A route as it stands in a listener."""

    arn: str
    number: int
    rank: Rank


@dataclass(frozen=True, slots=True)
class Numbering:
    """The number of a route, and numbers that others must have before: ARN -> number."""

    number: int
    moves: Mapping[str, int]


def rules_of(aws: AwsClient, balancer: str) -> Iterator[Mapping[str, Any]]:
    """Every rule of a balancer's listeners, those aside that hold where no other fits."""
    for listener in aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=balancer):
        yield from listener_rules(aws, listener["ListenerArn"])


def listener_rules(aws: AwsClient, listener: str) -> Iterator[Mapping[str, Any]]:
    """The same of one listener."""
    for rule in aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener):
        if not rule.get("IsDefault"):
            yield rule


def rank_of(host: str, path: str) -> Rank:
    """Where a route stands among others. The least comes first."""
    kind = 2 if host == "*" else 1 if host.startswith("*.") else 0
    return kind, _LONGEST_PATH - min(len(path.rstrip("/")), _LONGEST_PATH)


def number_for(rank: Rank, routes: Sequence[Numbered], taken: frozenset[int]) -> Numbering:
    """The number of a new route among others. `taken`: all numbers of the listener, those of its other rules too.

    Raises ProviderError if there is none.
    """
    low = max((route.number for route in routes if route.rank <= rank), default=0)
    high = min((route.number for route in routes if route.rank > rank), default=_LAST_OF_ROUTES + 1)
    middle = [number for number in range(low + 1, high) if number not in taken]
    if middle:
        usual = _usual(rank)
        return Numbering(min(middle, key=lambda number: abs(number - usual)), {})
    return _anew(rank, routes, taken)


def add_route(
    aws: AwsClient,
    listener: str,
    *,
    host: str,
    path: str,
    conditions: Sequence[Mapping[str, Any]],
    actions: Sequence[Mapping[str, Any]],
    written: Mapping[str, str],
) -> Mapping[str, Any]:
    """Add the rule of a route where it belongs among the others."""
    with _ROUTES_LOCK:
        for _ in range(_ATTEMPTS):
            numbering = _numbering(aws, listener, rank_of(host, path))
            rule = _created(
                aws, listener, number=numbering.number, conditions=conditions, actions=actions, written=written
            )
            if rule is not None:
                return rule
    raise _busy(listener)


def put_in_order(aws: AwsClient, listener: str, arn: str, host: str, path: str) -> None:
    """Give a route that was changed the number that it should have now; one that it has already stays."""
    with _ROUTES_LOCK:
        rank, rules = rank_of(host, path), list(listener_rules(aws, listener))
        own = next((int(rule["Priority"]) for rule in rules if rule["RuleArn"] == arn), None)
        others = [route for route in _routes(rules) if route.arn != arn]
        before = all(route.number < own for route in others if own is not None and route.rank < rank)
        after = all(route.number > own for route in others if own is not None and route.rank > rank)
        if own is None or (before and after):
            return
        taken = frozenset(int(rule["Priority"]) for rule in rules if rule["RuleArn"] != arn)
        numbering = number_for(rank, others, taken)
        _move(aws, {**numbering.moves, arn: numbering.number})


def add_unmatched(
    aws: AwsClient,
    listener: str,
    *,
    conditions: Sequence[Mapping[str, Any]],
    actions: Sequence[Mapping[str, Any]],
    written: Mapping[str, str],
) -> Mapping[str, Any]:
    """Add a rule that no request matches, at the last free number."""
    for _ in range(_ATTEMPTS):
        taken = {int(rule["Priority"]) for rule in listener_rules(aws, listener)}
        free = next((number for number in range(LAST, 0, -1) if number not in taken), None)
        if free is None:
            break
        rule = _created(aws, listener, number=free, conditions=conditions, actions=actions, written=written)
        if rule is not None:
            return rule
    raise _busy(listener)


def _numbering(aws: AwsClient, listener: str, rank: Rank) -> Numbering:
    """The number of a new route, once others have made way for it."""
    rules = list(listener_rules(aws, listener))
    numbering = number_for(rank, _routes(rules), frozenset(int(rule["Priority"]) for rule in rules))
    if numbering.moves:
        _move(aws, numbering.moves)
    return numbering


def _created(
    aws: AwsClient,
    listener: str,
    *,
    number: int,
    conditions: Sequence[Mapping[str, Any]],
    actions: Sequence[Mapping[str, Any]],
    written: Mapping[str, str],
) -> Mapping[str, Any] | None:
    """The rule; None if somebody else took its number meanwhile."""
    try:
        answer = aws.call(
            "elbv2", "create_rule", ListenerArn=listener, Priority=number, Conditions=list(conditions),
            Actions=list(actions), Tags=tags.as_list(written),
        )  # fmt: skip
    except ProviderError as error:
        if code_of(error) != "PriorityInUse":
            raise
        return None
    rule: Mapping[str, Any] = answer["Rules"][0]
    return rule


def _move(aws: AwsClient, numbers: Mapping[str, int]) -> None:
    moves = [{"RuleArn": arn, "Priority": number} for arn, number in numbers.items()]
    aws.call("elbv2", "set_rule_priorities", RulePriorities=moves)


def _routes(rules: Sequence[Mapping[str, Any]]) -> list[Numbered]:
    """The rules that requests match, with what they tell of their place."""
    return [
        Numbered(str(rule["RuleArn"]), int(rule["Priority"]), rank_of(*matched))
        for rule in rules
        if (matched := _matched(rule)) is not None
    ]


def _matched(rule: Mapping[str, Any]) -> tuple[str, str] | None:
    """Host and path of a route's rule; None for a rule that has no path, as those that no request matches."""
    values = {str(part["Field"]): _values(part) for part in rule.get("Conditions", ())}
    paths = values.get("path-pattern")
    if not paths:
        return None
    return values.get("host-header", ["*"])[0], min(paths, key=len).removesuffix("*")


def _values(part: Mapping[str, Any]) -> list[str]:
    configs = (part.get(key, {}) for key in ("HostHeaderConfig", "PathPatternConfig"))
    return next((list(config["Values"]) for config in configs if config.get("Values")), list(part.get("Values", ())))


def _usual(rank: Rank) -> int:
    """Where a route stands by itself: ranks are spread over all numbers, so that most find one free at once."""
    kind, path = rank
    return 1 + (kind * (_LONGEST_PATH + 1) + path) * (_LAST_OF_ROUTES // (3 * (_LONGEST_PATH + 1)))


def _anew(rank: Rank, routes: Sequence[Numbered], taken: frozenset[int]) -> Numbering:
    """All routes in order, with even gaps between them, on numbers that no other rule has."""
    others = taken - {route.number for route in routes}
    free = [number for number in range(1, LAST + 1) if number not in others]
    step = len(free) // (len(routes) + 2)
    if step < 1:
        raise ProviderError("the balancer has no number left for another rule. Let fewer services have a port.")
    before = sorted((route for route in routes if route.rank <= rank), key=lambda route: (route.rank, route.number))
    after = sorted((route for route in routes if route.rank > rank), key=lambda route: (route.rank, route.number))
    arns = [*(route.arn for route in before), "", *(route.arn for route in after)]
    numbers = {arn: free[(place + 1) * step] for place, arn in enumerate(arns)}
    own = numbers.pop("")
    return Numbering(own, numbers)


def _busy(listener: str) -> ProviderError:
    return ProviderError(f"no number of a rule stays free at {listener}: others change it. Run it again.")
