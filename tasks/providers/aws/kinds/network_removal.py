"""Removes a network on AWS from the leaves, as far as it can be done now; and parts that were made twice."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra_specs.errors import ProviderError
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of, is_in_use, is_missing
from tasks.providers.aws.kinds.network_look import Found, id_key
from tasks.providers.aws.kinds.network_parts import NetworkParts

_REMOVALS: Mapping[str, str] = {
    "nat": "delete_nat_gateway",
    "address": "release_address",
    "table": "delete_route_table",
    "subnet": "delete_subnet",
    "group": "delete_security_group",
    "gate": "delete_internet_gateway",
}
"""Sorts of parts from the leaves on, with the call that removes one."""
_GROUPS_IN_ORDER = ("cache", "database", "task", "balancer")
"""Security groups name each other in their rules, and none can go while another names it."""
_OF_AWS = ("Interface for NAT Gateway", "ELB ", "RDSNetworkInterface", "ElastiCache ", "arn:aws:ecs:")
"""How AWS describes the network interfaces that its services make, which go with them."""


def remove(aws: AwsClient, found: Found) -> str:
    """Remove what can be removed now. Returns what is left and why, or nothing once all of it is gone.

    Raises ProviderError that names what others put into it.
    """
    for sort in _REMOVALS:
        parts = sorted(found.all(sort), key=lambda named: _turn(sort, named[0]))
        for _, part in parts:
            if part.get("State") != "deleting" and not _removed(aws, found, sort, part):
                return _left(aws, found, sort)
        if sort == "nat" and parts:
            return "a NAT gateway is being removed, which takes minutes"
    for vpc in found.vpcs:
        try:
            aws.call("ec2", "delete_vpc", VpcId=vpc["VpcId"])
        except ProviderError as error:
            if is_in_use(error):
                return _left(aws, found, "VPC")
            if not is_missing(error):
                raise
    return ""


def remove_excess(aws: AwsClient, found: Found, parts: NetworkParts) -> bool:
    """Remove what these parts do not have, as far as nobody uses it. Whether all of that is gone.

    A subnet goes once nothing stands in it, with its table; a gateway once no table leads to it; its address after it.
    """
    beyond = found.names_beyond(parts)
    subnets = [found.id_of("subnet", name) for name in beyond.get("subnet", ())]
    if subnets and any(True for _ in _interfaces(aws, "subnet-id", subnets)):
        return False
    for sort in ("table", "subnet"):
        for name in beyond.get(sort, ()):
            for part in found.parts[sort].pop(name):
                _removed(aws, found, sort, part)
    used = {route.get("NatGatewayId") for _, table in found.all("table") for route in table.get("Routes", ())}
    for name in beyond.get("nat", ()):
        part = found.first("nat", name) or {}
        if part.get("State") != "deleting" and part.get("NatGatewayId") not in used:
            _removed(aws, found, "nat", part)
    if "nat" in beyond:
        return False  # it goes for minutes, and its address after it
    addresses = [part for name in beyond.get("address", ()) for part in found.parts["address"][name]]
    left = [part for part in addresses if not _removed(aws, found, "address", part)]
    return not left


def remove_leftovers(aws: AwsClient, found: Found) -> None:
    """Remove all but the first of parts with one name: each was made by a call whose answer was lost."""
    for sort in _REMOVALS:
        for parts in found.parts.get(sort, {}).values():
            for part in parts[1:]:
                _removed(aws, found, sort, part)
            del parts[1:]
    for vpc in found.vpcs[1:]:
        aws.call("ec2", "delete_vpc", VpcId=vpc["VpcId"])
    del found.vpcs[1:]


def _turn(sort: str, name: str) -> int:
    return _GROUPS_IN_ORDER.index(name) if sort == "group" else 0


def _removed(aws: AwsClient, found: Found, sort: str, part: Mapping[str, Any]) -> bool:
    """Whether it is gone, or certain to go."""
    part_id = part[id_key(sort)]
    if sort == "gate":
        for attachment in part.get("Attachments", ()):
            _quietly(aws, "detach_internet_gateway", InternetGatewayId=part_id, VpcId=attachment["VpcId"])
        if found.vpc and not part.get("Attachments"):
            _quietly(aws, "detach_internet_gateway", InternetGatewayId=part_id, VpcId=found.vpc)
    for association in part.get("Associations", ()):
        if not association.get("Main"):
            _quietly(aws, "disassociate_route_table", AssociationId=association["RouteTableAssociationId"])
    try:
        aws.call("ec2", _REMOVALS[sort], **{id_key(sort): part_id})
    except ProviderError as error:
        if is_in_use(error) or code_of(error) == "InvalidIPAddress.InUse":
            return False
        if not is_missing(error):
            raise
    return True


def _quietly(aws: AwsClient, operation: str, **parameters: Any) -> None:
    try:
        aws.call("ec2", operation, **parameters)
    except ProviderError as error:
        if code_of(error) != "Gateway.NotAttached" and not is_missing(error) and not is_in_use(error):
            raise


def _left(aws: AwsClient, found: Found, sort: str) -> str:
    """What is left and why. Raises ProviderError for what is not ours and will not go by itself."""
    if foreign := list(_foreign(aws, found)):
        raise ProviderError(
            f"{found.address} of stack {found.stack} holds what Tenfold did not make: {', '.join(foreign)}. Remove it, "
            "and run it again: the rest goes then."
        )
    return f"a {sort} is in use by what is being removed"


def _foreign(aws: AwsClient, found: Found) -> Iterator[str]:
    """Network interfaces that a person, or another tool, put into the VPC."""
    if not found.vpc:
        return
    for interface in _interfaces(aws, "vpc-id", [found.vpc]):
        of_aws = interface.get("RequesterManaged") or interface.get("Description", "").startswith(_OF_AWS)
        if not of_aws:
            instance = interface.get("Attachment", {}).get("InstanceId", "")
            yield f"{interface['NetworkInterfaceId']}{f' of {instance}' if instance else ''}"


def _interfaces(aws: AwsClient, where: str, values: list[str]) -> Iterator[Mapping[str, Any]]:
    filters = [{"Name": where, "Values": values}]
    return aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)
