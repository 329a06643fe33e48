"""The kind `route` on AWS: a rule of the balancer's listener, which shares requests among target groups by weight."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.resources.services import ENDPOINT
from tasks.base.clock import now
from tasks.providers.aws import tags
from tasks.providers.aws.balancing import with_tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import is_missing
from tasks.providers.aws.rules import add_route, put_in_order, rules_of
from tasks.providers.seam.kind import Kind

FULL_WEIGHT = 100
NOBODY: dict[str, Any] = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"},
}
"""The answer of a route whose service has no copy."""


class Route(Kind):
    """Its rule begins to hold at once, so it is healthy once it is there. A canary has its share by a weight."""

    def __init__(self, aws: AwsClient) -> None:
        self._aws = aws

    def list(self, stack: str) -> Iterator[Instance]:
        for _, rule, host, written in self._rules(stack):
            if instance := _instance(rule, host, written):
                yield instance

    def look(self, instance: Instance) -> Instance | None:
        for _, rule, host, written in self._rules(instance.stack):
            if tags.of(written, instance.stack, instance.address, instance.incarnation):
                return _instance(rule, host, written)
        return None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        for _, rule, host, written in self._rules(resource.stack):
            if tags.of(written, resource.stack, resource.address, incarnation):  # an answer that was lost
                return _made(rule, host, written)
        settings = resource.settings
        host, path = str(settings["host"]), str(settings["path"])
        listener, dns = self._listener(resource)
        written = tags.tags_of(resource, incarnation)
        rule = add_route(
            self._aws, listener, host=host, path=path, conditions=_conditions(host, path),
            actions=[action_of(resource)], written=written,
        )  # fmt: skip
        return _made(rule, dns, written)

    def update(self, instance: Instance, resource: Resource) -> None:
        host, path = str(resource.settings["host"]), str(resource.settings["path"])
        arn = instance.outputs["arn"]
        self._aws.call(
            "elbv2", "modify_rule", RuleArn=arn, Conditions=_conditions(host, path), Actions=[action_of(resource)]
        )
        moved = {"host", "path"} & {name for name in resource.digests if _differs(name, instance, resource)}
        if moved:
            put_in_order(self._aws, self._listener(resource)[0], arn, host, path)
        written = tags.as_list(tags.tags_of(resource, instance.incarnation))
        self._aws.call("elbv2", "add_tags", ResourceArns=[arn], Tags=written)

    def destroy(self, instance: Instance) -> None:
        if current := self.look(instance):
            try:
                self._aws.call("elbv2", "delete_rule", RuleArn=current.outputs["arn"])
            except ProviderError as error:
                if not is_missing(error):
                    raise

    def _listener(self, resource: Resource) -> tuple[str, str]:
        for balancer in self._balancers(resource.stack):
            arn = balancer["LoadBalancerArn"]
            for listener in self._aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn):
                return str(listener["ListenerArn"]), str(balancer["DNSName"])
        raise ProviderError(f"{resource.address}: the stack {resource.stack} has no balancer that listens: plan again")

    def _balancers(self, stack: str) -> Iterator[Mapping[str, Any]]:
        balancers = self._aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")
        for balancer, written in with_tags(self._aws, balancers, "LoadBalancerArn"):
            if tags.of(written, stack):
                yield balancer

    def _rules(self, stack: str) -> Iterator[tuple[str, Mapping[str, Any], str, Mapping[str, str]]]:
        """Balancer, rule, host name and tags of every route."""
        for balancer in self._balancers(stack):
            arn = balancer["LoadBalancerArn"]
            for rule, written in with_tags(self._aws, rules_of(self._aws, arn), "RuleArn"):
                if tags.of(written, stack) and tags.PART not in written:
                    yield arn, rule, balancer["DNSName"], written


def _differs(name: str, instance: Instance, resource: Resource) -> bool:
    return instance.digests.get(name) != resource.digests[name]


def _made(rule: Mapping[str, Any], host: str, written: Mapping[str, str]) -> Instance:
    instance = _instance(rule, host, written)
    assert instance is not None
    return instance


def _instance(rule: Mapping[str, Any], host: str, written: Mapping[str, str]) -> Instance | None:
    health = Health("healthy", "it leads requests", now())
    return tags.instance_of_tags(written, health, {"arn": rule["RuleArn"], "url": f"http://{host}"})


def _conditions(host: str, path: str) -> list[dict[str, Any]]:
    prefix = path.rstrip("/")
    paths = [prefix, f"{prefix}/*"] if prefix else ["/*"]
    conditions: list[dict[str, Any]] = [{"Field": "path-pattern", "PathPatternConfig": {"Values": paths}}]
    if host != "*":
        conditions.append({"Field": "host-header", "HostHeaderConfig": {"Values": [host]}})
    return conditions


def action_of(resource: Resource) -> dict[str, Any]:
    """Where requests go: a canary gets its percentage, and the others share the rest evenly."""
    endpoints, percentages = resource.settings["endpoints"], resource.settings.get("weights") or {}
    assert isinstance(endpoints, Sequence)
    assert isinstance(percentages, Mapping)
    shares = {resource.bindings.get(f"{address}.{ENDPOINT}"): share for address, share in percentages.items()}
    others = [endpoint for endpoint in endpoints if endpoint not in shares]
    rest = FULL_WEIGHT - sum(share for share in shares.values() if isinstance(share, int))
    groups = [
        {"TargetGroupArn": str(endpoint), "Weight": shares.get(str(endpoint), rest // max(1, len(others)))}
        for endpoint in endpoints
    ]
    if not groups:
        return NOBODY
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
