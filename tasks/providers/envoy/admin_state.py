"""The proxy's state, parsed from the answers of its admin interface."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from infra_specs.resources.instance import Instance

CLUSTERS_PATH = "/clusters?format=json"
ROUTES_PATH = "/config_dump?resource=dynamic_route_configs"
LISTENERS_PATH = "/stats?filter=" + quote(r"^listener_manager\.(lds\.version_text|total_listeners_warming)$")


@dataclass(frozen=True, slots=True)
class Upstream:
    """One endpoint of one service, as the proxy sees it."""

    cluster: str
    endpoint: str
    healthy: bool
    in_flight: int


@dataclass(frozen=True, slots=True)
class AdminState:
    """The proxy's clusters and endpoints at one moment."""

    upstreams: tuple[Upstream, ...] = ()
    clusters: frozenset[str] = field(default_factory=frozenset)

    def healthy(self, cluster: str) -> int:
        return sum(upstream.healthy for upstream in self.upstreams if upstream.cluster == cluster)

    def answering(self, cluster: str) -> frozenset[str]:
        return frozenset(
            upstream.endpoint for upstream in self.upstreams if upstream.cluster == cluster and upstream.healthy
        )

    def in_flight(self, endpoint: str) -> int:
        return sum(upstream.in_flight for upstream in self.upstreams if upstream.endpoint == endpoint)


def with_requests(instances: Iterable[Instance], state: AdminState | None) -> tuple[Instance, ...]:
    """The instances with the requests that the proxy has under way in each, as far as it is known."""
    if state is None:
        return tuple(instances)
    requests = Counter[str]()
    for upstream in state.upstreams:
        requests[upstream.endpoint] += upstream.in_flight
    return tuple(
        replace(instance, in_flight=requests[endpoint]) if (endpoint := instance.outputs.get("endpoint")) else instance
        for instance in instances
    )


def parse_admin_state(answer: bytes | None) -> AdminState | None:
    """What `clusters_target` answered; None for no answer that can be read."""
    data = _read(answer)
    if data is None:
        return None
    statuses = data.get("cluster_statuses", [])
    return AdminState(
        tuple(upstream_of(status["name"], host) for status in statuses for host in status.get("host_statuses", [])),
        frozenset(status["name"] for status in statuses),
    )


def routes_version_of(answer: bytes | None, name: str) -> str | None:
    """The version of the routes of this name that are served, from what `ROUTES_PATH` answered.

    "" if it has none yet, None for no answer that can be read.
    """
    data = _read(answer)
    if data is None:
        return None
    for config in data.get("configs", []):
        if config.get("route_config", {}).get("name") == name:
            version: str = config.get("version_info", "")
            return version
    return ""


def serves_listeners(answer: bytes | None, version: str) -> bool:
    """Whether the proxy serves the listeners of this version, from what `listeners_target` answered."""
    lines = dict(line.split(": ", 1) for line in (answer or b"").decode().splitlines() if ": " in line)
    taken_in = lines.get("listener_manager.lds.version_text") == f'"{version}"'
    return taken_in and lines.get("listener_manager.total_listeners_warming") == "0"


def _read(answer: bytes | None) -> Any:
    try:
        return None if answer is None else json.loads(answer)
    except ValueError:
        return None


def upstream_of(cluster: str, host: dict[str, Any]) -> Upstream:
    """One of `host_statuses`."""
    address = host["address"]
    health = host.get("health_status", {})
    stats = {stat["name"]: int(stat.get("value", 0)) for stat in host.get("stats", [])}
    failing_checks = {name for name, value in health.items() if name != "eds_health_status" and value}
    return Upstream(
        cluster,
        _place(address),
        health.get("eds_health_status", "HEALTHY") == "HEALTHY" and not failing_checks,
        stats.get("rq_active", 0),
    )


def _place(address: dict[str, Any]) -> str:
    """`127.0.0.1:80`, or the path of a unix socket."""
    if pipe := address.get("pipe"):
        return str(pipe["path"])
    place = address["socket_address"]
    return f"{place['address']}:{place['port_value']}"
