"""Makes what is missing of a network on AWS, part by part, in the order in which parts need each other."""

from collections.abc import Mapping
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of
from tasks.providers.aws.kinds.network_look import Found, find
from tasks.providers.aws.kinds.network_parts import EVERYWHERE, GROUPS, leads_out, network_parts
from tasks.providers.aws.kinds.network_removal import remove_leftovers
from tasks.providers.aws.names import cluster_name


class NetworkBuild:
    """One incarnation of a network, brought to what its settings say. Parts that are there are left as they are."""

    def __init__(self, aws: AwsClient, resource: Resource, incarnation: int) -> None:
        self._aws, self._resource, self._incarnation = aws, resource, incarnation
        self._parts = network_parts(resource.settings)
        self._found = Found(resource.stack, resource.address, incarnation)

    def complete(self) -> None:
        """Make what is missing, and remove what a lost answer left twice."""
        self._look()
        self._vpc()
        self._cluster()
        self._subnets()
        self._gate()
        self._groups()
        self._gateways()
        self._tables()  # last: a network whose tables lead out is whole
        remove_leftovers(self._aws, self._found)

    def _look(self) -> None:
        for found in find(self._aws, self._resource.stack, self._incarnation):
            if found.address == self._resource.address:
                self._found = found

    def _vpc(self) -> None:
        if not self._found.vpcs:
            outputs = {"nat": str(self._resource.settings["nat"])}
            written = tags.tags_of(self._resource, self._incarnation, outputs)
            self._aws.call(
                "ec2", "create_vpc", CidrBlock=self._resource.settings["cidr"],
                TagSpecifications=[{"ResourceType": "vpc", "Tags": tags.as_list(written)}],
            )  # fmt: skip
            self._look()  # botocore may have sent it twice: of two VPCs the first by its id counts
        names = {"EnableDnsHostnames": {"Value": True}}
        self._aws.call("ec2", "modify_vpc_attribute", VpcId=self._found.vpc, **names)

    def _subnets(self) -> None:
        zones = self._zones()
        for name, (network, zone) in self._parts.subnets.items():
            if self._found.first("subnet", name) is None:
                self._make(
                    "create_subnet", "subnet", "subnet", name,
                    VpcId=self._found.vpc, CidrBlock=str(network), AvailabilityZone=zones[zone],
                )  # fmt: skip

    def _zones(self) -> list[str]:
        answer = self._aws.call(
            "ec2", "describe_availability_zones", Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}]
        )
        zones = sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"] if zone["State"] == "available")
        if len(zones) < 2:
            raise ProviderError(
                f"AWS has {len(zones)} zone in this region now, and a stack needs two. Use another region."
            )
        return zones

    def _gate(self) -> None:
        if self._found.first("gate", "gate") is None:
            self._make("create_internet_gateway", "internet-gateway", "gate", "gate")
        gate = self._found.id_of("gate", "gate")
        if not (self._found.first("gate", "gate") or {}).get("Attachments"):
            try:
                self._aws.call("ec2", "attach_internet_gateway", InternetGatewayId=gate, VpcId=self._found.vpc)
            except ProviderError as error:
                if code_of(error) != "Resource.AlreadyAssociated":
                    raise

    def _groups(self) -> None:
        for name in GROUPS:
            if self._found.first("group", name) is None:
                self._make(
                    "create_security_group", "security-group", "group", name, VpcId=self._found.vpc,
                    GroupName=f"tenfold-{name}", Description=f"{name} of stack {self._resource.stack}",
                )  # fmt: skip
        for name, ports in GROUPS.items():
            group = self._found.first("group", name)
            if group is not None and not group.get("IpPermissions"):
                self._open(name, ports)

    def _open(self, name: str, ports: tuple[int, ...]) -> None:
        sender = {"balancer": "", "task": "balancer"}.get(name, "task")
        source: dict[str, Any] = {"IpRanges": [{"CidrIp": EVERYWHERE}]}
        if sender:
            source = {"UserIdGroupPairs": [{"GroupId": self._found.id_of("group", sender)}]}
        ranges = [(port, port) for port in ports] or [(1, 65535)]
        rules = [{"IpProtocol": "tcp", "FromPort": begin, "ToPort": end, **source} for begin, end in ranges]
        group = self._found.id_of("group", name)
        try:
            self._aws.call("ec2", "authorize_security_group_ingress", GroupId=group, IpPermissions=rules)
        except ProviderError as error:
            if code_of(error) != "InvalidPermission.Duplicate":
                raise

    def _gateways(self) -> None:
        for name in self._parts.gateways:
            if self._found.first("address", name) is None:
                self._make("allocate_address", "elastic-ip", "address", name, Domain="vpc")
            if self._found.first("nat", name) is None:
                subnet = self._found.id_of("subnet", name.replace("nat", "balancer"))
                self._make(
                    "create_nat_gateway", "natgateway", "nat", name, SubnetId=subnet,
                    AllocationId=self._found.id_of("address", name),
                    ClientToken=f"{self._found.vpc}-{self._found.id_of('address', name)}",
                )  # fmt: skip

    def _tables(self) -> None:
        for name, subnets in self._parts.tables.items():
            if self._found.first("table", name) is None:
                self._make("create_route_table", "route-table", "table", name, VpcId=self._found.vpc)
            table = self._found.first("table", name) or {}
            self._lead_out(name, table)
            beside = {association.get("SubnetId") for association in table.get("Associations", ())}
            for subnet in (self._found.id_of("subnet", subnet) for subnet in subnets):
                if subnet not in beside:
                    table_id = self._found.id_of("table", name)
                    self._aws.call("ec2", "associate_route_table", RouteTableId=table_id, SubnetId=subnet)

    def _lead_out(self, name: str, table: Mapping[str, Any]) -> None:
        way_out = self._parts.way_out(name)
        if not way_out:
            return
        through = (
            {"GatewayId": self._found.id_of("gate", "gate")}
            if way_out == "gate"
            else {"NatGatewayId": self._found.id_of("nat", way_out)}
        )
        leads = next((route for route in table.get("Routes", ()) if leads_out(route)), None)
        operation = "create_route" if leads is None else "replace_route"
        if leads is None or any(leads.get(key) != there for key, there in through.items()):
            table_id = self._found.id_of("table", name)
            self._aws.call("ec2", operation, RouteTableId=table_id, DestinationCidrBlock=EVERYWHERE, **through)

    def _cluster(self) -> None:
        self._aws.call(
            "ecs", "create_cluster", clusterName=cluster_name(self._resource.stack),
            tags=tags.as_list({tags.STACK: self._resource.stack}, "key", "value"),
        )  # fmt: skip

    def _make(self, operation: str, resource_type: str, sort: str, name: str, **parameters: Any) -> None:
        """Make one part with its tags, and know it from then on."""
        address = self._resource.address
        written = tags.part_tags(self._resource.stack, address, self._incarnation, f"{sort}:{name}")
        answer = self._aws.call(
            "ec2", operation, **parameters,
            TagSpecifications=[{"ResourceType": resource_type, "Tags": tags.as_list(written)}],
        )  # fmt: skip
        made = next(
            (value for value in answer.values() if isinstance(value, dict) and "HTTPStatusCode" not in value), answer
        )
        self._found.parts.setdefault(sort, {}).setdefault(name, []).append(made)
