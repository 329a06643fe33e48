"""What there is of a stack's network on AWS, found by its tags."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra_specs.resources.instance import Health
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.kinds.network_parts import NetworkParts

_LISTS: Mapping[str, tuple[str, str, str]] = {
    "subnet": ("describe_subnets", "Subnets", "SubnetId"),
    "gate": ("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    "table": ("describe_route_tables", "RouteTables", "RouteTableId"),
    "group": ("describe_security_groups", "SecurityGroups", "GroupId"),
    "nat": ("describe_nat_gateways", "NatGateways", "NatGatewayId"),
    "address": ("describe_addresses", "Addresses", "AllocationId"),
}
"""Sort of part -> the call that lists it, the key of its answer, and the key of an id."""
_GONE = ("deleted", "failed")
_LOOKED_AT = ("subnet", "table", "group")
"""What a look needs: a route that leads out tells that its gate is there."""
_NO_HEALTH = Health("starting", "", 0.0)


@dataclass
class Found:
    """The parts of one incarnation: sort -> name -> everything with that name, the one that counts first.

    Of two with one name the second is a leftover of a call whose answer was lost.
    """

    stack: str
    address: str
    incarnation: int
    vpcs: list[Mapping[str, Any]] = field(default_factory=list)
    parts: dict[str, dict[str, list[Mapping[str, Any]]]] = field(default_factory=dict)

    @property
    def vpc(self) -> str:
        """The id of the VPC; empty while there is none."""
        return str(self.vpcs[0]["VpcId"]) if self.vpcs else ""

    @property
    def empty(self) -> bool:
        """Whether nothing of it is left."""
        return not self.vpcs and not any(self.parts.values())

    def first(self, sort: str, name: str) -> Mapping[str, Any] | None:
        """The part of this name that counts."""
        named = self.parts.get(sort, {}).get(name, [])
        return named[0] if named else None

    def id_of(self, sort: str, name: str) -> str:
        """Its id; empty while it is not there."""
        part = self.first(sort, name)
        return str(part[id_key(sort)]) if part else ""

    def names_beyond(self, parts: NetworkParts) -> dict[str, tuple[str, ...]]:
        """Sort -> the names of parts that a network with these parts does not have."""
        needed = {
            "nat": parts.gateways, "address": parts.gateways, "table": parts.tables, "subnet": parts.subnets,
        }  # fmt: skip
        beyond = {
            sort: tuple(name for name in self.parts.get(sort, {}) if name not in names)
            for sort, names in needed.items()
        }
        return {sort: names for sort, names in beyond.items() if names}

    def all(self, sort: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Name and part, leftovers too."""
        for name, parts in self.parts.get(sort, {}).items():
            for part in parts:
                yield name, part


def id_key(sort: str) -> str:
    """The key of an id in what AWS says of a part."""
    return _LISTS[sort][2]


def find(aws: AwsClient, stack: str, incarnation: int | None = None, *, whole: bool = True) -> list[Found]:
    """Every incarnation of the stack's networks, or one, in seven calls. Not `whole`: what health and outputs need.

    The VPC is made first and goes last, so without one there is nothing.
    """
    wanted = {tags.STACK: stack} | ({tags.INCARNATION: str(incarnation)} if incarnation is not None else {})
    filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in wanted.items()]
    by_number: dict[tuple[str, int], Found] = {}

    def found_of(written: Mapping[str, str]) -> Found:
        key = written[tags.ADDRESS], int(written[tags.INCARNATION])
        return by_number.setdefault(key, Found(stack, *key))

    for vpc in sorted(aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=filters), key=lambda vpc: str(vpc["VpcId"])):
        found_of(tags.as_mapping(vpc["Tags"])).vpcs.append(vpc)
    for sort in _sorts(by_number.values(), whole=whole):
        operation, key, id_name = _LISTS[sort]
        for part in sorted(_listed(aws, operation, key, filters), key=lambda part: str(part[id_name])):
            written = tags.as_mapping(part.get("Tags"))
            ours = tags.of(written, stack, incarnation=incarnation)  # whatever the filter let through
            if ours and part.get("State") not in _GONE and tags.PART in written:
                names = found_of(written).parts.setdefault(sort, {})
                names.setdefault(written[tags.PART].partition(":")[2], []).append(part)
    return list(by_number.values())


def _sorts(networks: Collection[Found], *, whole: bool) -> tuple[str, ...]:
    if not networks:
        return ()
    if whole:
        return tuple(_LISTS)
    written = (tags.instance_of_tags(tags.as_mapping(vpc["Tags"]), _NO_HEALTH) for net in networks for vpc in net.vpcs)
    behind = any(instance is None or instance.outputs.get("nat") != "none" for instance in written)
    return (*_LOOKED_AT, *(("nat",) if behind else ()))


def _listed(aws: AwsClient, operation: str, key: str, filters: list[dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
    if operation == "describe_addresses":  # it comes whole, in no pages
        yield from aws.call("ec2", operation, Filters=filters)[key]
    elif operation == "describe_nat_gateways":
        yield from aws.pages("ec2", operation, key, Filter=filters)
    else:
        yield from aws.pages("ec2", operation, key, Filters=filters)
