"""The kind `proxy` on AWS: an application load balancer over two zones, and its listener."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.resources.target_name import LOAD_BALANCER, target_name
from tasks.providers.aws import tags
from tasks.providers.aws.balancing import with_tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.kinds.outcomes import first_of
from tasks.providers.seam.kind import Kind

PORT = 80
NOBODY = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}}
"""The answer to requests that no route leads anywhere."""


class Proxy(Kind):
    """Healthy once it is active and listens: a killed run may have left the listener out."""

    def __init__(self, aws: AwsClient) -> None:
        self._aws = aws

    def list(self, stack: str) -> Iterator[Instance]:
        for balancer, written in with_tags(self._aws, self._balancers(), "LoadBalancerArn"):
            if tags.of(written, stack) and (instance := self._instance(balancer, written)):
                yield instance

    def look(self, instance: Instance) -> Instance | None:
        balancer = self._named(_name(instance))
        if balancer is None:
            return None
        ((_, written),) = with_tags(self._aws, [balancer], "LoadBalancerArn")
        return self._instance(balancer, written)

    def create(self, resource: Resource, incarnation: int) -> Instance:
        _refuse_tls(resource)
        name, settings = target_name(resource.stack, resource.address, incarnation, LOAD_BALANCER), resource.settings
        if made := self._named(name):  # by a call whose answer was lost
            return self._complete(made, resource)
        answer = self._aws.call(
            "elbv2", "create_load_balancer", Name=name, Type="application",
            Scheme="internet-facing" if settings["public"] else "internal",
            Subnets=str(settings["subnets"]).split(","),
            SecurityGroups=[settings["group"]],
            Tags=tags.as_list(tags.tags_of(resource, incarnation)),
        )  # fmt: skip
        return self._complete(answer["LoadBalancers"][0], resource)

    def finish(self, instance: Instance, resource: Resource) -> Instance | None:
        balancer = self._named(_name(instance))
        return self._complete(balancer, resource) if balancer else None

    def update(self, instance: Instance, resource: Resource) -> None:
        _refuse_tls(resource)
        arn = instance.outputs["arn"]
        self._bound_silence(arn, resource)
        written = tags.as_list(tags.tags_of(resource, instance.incarnation))
        self._aws.call("elbv2", "add_tags", ResourceArns=[arn], Tags=written)

    def destroy(self, instance: Instance) -> None:
        """Its listeners and their rules go with it."""
        if balancer := self._named(_name(instance)):
            self._aws.call("elbv2", "delete_load_balancer", LoadBalancerArn=balancer["LoadBalancerArn"])

    def _complete(self, balancer: Mapping[str, Any], resource: Resource) -> Instance:
        arn = balancer["LoadBalancerArn"]
        self._bound_silence(arn, resource)
        if not list(self._listeners(arn)):
            self._aws.call(
                "elbv2", "create_listener", LoadBalancerArn=arn, Protocol="HTTP", Port=PORT, DefaultActions=[NOBODY],
                Tags=tags.as_list({tags.STACK: resource.stack}),
            )  # fmt: skip
        ((_, written),) = with_tags(self._aws, [balancer], "LoadBalancerArn")
        instance = self._instance(balancer, written)
        assert instance is not None
        return instance

    def _bound_silence(self, arn: str, resource: Resource) -> None:
        seconds = resource.settings["idle"]
        assert isinstance(seconds, int | float)
        attributes = [
            {"Key": "idle_timeout.timeout_seconds", "Value": f"{max(1, round(seconds))}"},
            {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
        ]
        self._aws.call("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=arn, Attributes=attributes)

    def _instance(self, balancer: Mapping[str, Any], written: Mapping[str, str]) -> Instance | None:
        listener = next((item["ListenerArn"] for item in self._listeners(balancer["LoadBalancerArn"])), "")
        outputs = {
            "arn": balancer["LoadBalancerArn"],
            "host": balancer["DNSName"],
            **({"listener": listener} if listener else {}),
        }
        return tags.instance_of_tags(written, _health(balancer, listener), outputs)

    def _listeners(self, arn: str) -> Iterator[Mapping[str, Any]]:
        return self._aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)

    def _balancers(self, **which: Any) -> Iterator[Mapping[str, Any]]:
        return self._aws.pages("elbv2", "describe_load_balancers", "LoadBalancers", **which)

    def _named(self, name: str) -> Mapping[str, Any] | None:
        return first_of(self._balancers(Names=[name]))


def _health(balancer: Mapping[str, Any], listener: str) -> Health:
    state, since = balancer["State"], balancer["CreatedTime"].timestamp()
    if state["Code"] == "failed":
        return Health("failed", str(state.get("Reason", "AWS could not make it")), since)
    if not listener:
        return Health("failed", "half made: it listens nowhere", since)
    if state["Code"] == "provisioning":
        return Health("starting", "AWS makes it", since)
    return Health("healthy", "it listens", since)


def _name(instance: Instance) -> str:
    return target_name(instance.stack, instance.address, instance.incarnation, LOAD_BALANCER)


def _refuse_tls(resource: Resource) -> None:
    if resource.settings.get("secure"):
        raise ProviderError(f"{resource.address}: HTTPS on AWS is not in this version. Remove `tls`.")
