"""The parts of a stack's network on AWS: what there shall be, from its settings alone.

gate ─ balancer-0, balancer-1 (public: the balancer, and tasks without a NAT gateway)
        nat-0, nat-1 ─ task-0, task-1 (private: tasks behind a NAT gateway)
                       data-0, data-1 (private: database and cache, with no way out)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from infra_specs.resources.resource import Setting

ZONES = 2
EVERYWHERE = "0.0.0.0/0"
GROUPS: Mapping[str, tuple[int, ...]] = {"balancer": (80, 443), "task": (), "database": (5432,), "cache": (6379,)}
"""Security group -> the ports that it opens: the balancer's to everybody, those of data to tasks."""


@dataclass(frozen=True, slots=True)
class NetworkParts:
    """Names of parts, and where they are. Zones are numbers from 0."""

    subnets: Mapping[str, tuple[IPv4Network, int]]
    """Subnet -> its addresses and its zone."""
    tables: Mapping[str, tuple[str, ...]]
    """Route table -> the subnets that it leads out of."""
    gateways: tuple[str, ...]
    """NAT gateways; `nat-0` stands in `balancer-0`."""

    def way_out(self, table: str) -> str:
        """Where a route table leads: `gate`, a NAT gateway, or nowhere."""
        if table == "public":
            return "gate"
        zone = int(table.partition("-")[2] or 0)
        return self.gateways[min(zone, len(self.gateways) - 1)] if table != "data" and self.gateways else ""

    @property
    def task_subnets(self) -> tuple[str, ...]:
        """Where tasks run."""
        kind = "task" if self.gateways else "balancer"
        return tuple(f"{kind}-{zone}" for zone in range(ZONES))


def leads_out(route: Mapping[str, Any]) -> bool:
    """Whether a route of a table is the one to everywhere."""
    return route.get("DestinationCidrBlock") == EVERYWHERE


def network_parts(settings: Mapping[str, Setting]) -> NetworkParts:
    """The parts of a network with these settings. The VPC is cut in eight, and six are used at most."""
    cidr, nat = settings["cidr"], settings["nat"]
    assert isinstance(cidr, str)
    pieces = list(IPv4Network(cidr).subnets(prefixlen_diff=3))
    gateways = {"none": (), "one": ("nat-0",)}.get(str(nat), tuple(f"nat-{zone}" for zone in range(ZONES)))
    kinds = ("balancer", "data", "task") if gateways else ("balancer", "data")
    subnets = {
        f"{kind}-{zone}": (pieces[index * ZONES + zone], zone)
        for index, kind in enumerate(kinds)
        for zone in range(ZONES)
    }
    tables: dict[str, tuple[str, ...]] = {"public": tuple(f"balancer-{zone}" for zone in range(ZONES))}
    if gateways:
        tables |= {f"task-{zone}": (f"task-{zone}",) for zone in range(ZONES)}
    tables["data"] = tuple(f"data-{zone}" for zone in range(ZONES))
    return NetworkParts(subnets, tables, gateways)
