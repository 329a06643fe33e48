"""What the proxy knows, asked over its admin socket. A proxy that does not answer knows nothing."""

import http.client
import json
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.supervisor.folder import short

_seconds = 2.0


@dataclass(frozen=True, slots=True)
class Upstream:
    """One endpoint of one service, as the proxy sees it."""

    cluster: str
    endpoint: str
    healthy: bool
    in_flight: int


@dataclass(frozen=True, slots=True)
class View:
    """What the proxy knew at one moment."""

    upstreams: tuple[Upstream, ...] = ()
    clusters: frozenset[str] = field(default_factory=frozenset)

    def healthy(self, cluster: str) -> int:
        return sum(each.healthy for each in self.upstreams if each.cluster == cluster)

    def answering(self, cluster: str) -> frozenset[str]:
        return frozenset(each.endpoint for each in self.upstreams if each.cluster == cluster and each.healthy)

    def in_flight(self, endpoint: str) -> int:
        return sum(each.in_flight for each in self.upstreams if each.endpoint == endpoint)


def view(folder: Path) -> View | None:
    """Every cluster and endpoint that the proxy in this folder uses by now; None if it does not answer."""
    found = _get(folder, "/clusters?format=json")
    if found is None:
        return None
    statuses = found.get("cluster_statuses", [])
    return View(
        tuple(_upstream(status["name"], host) for status in statuses for host in status.get("host_statuses", [])),
        frozenset(status["name"] for status in statuses),
    )


def routes_version(folder: Path) -> str | None:
    """The version of the routes that are served on loopback, "" if it has none yet; None if it does not answer."""
    found = _get(folder, "/config_dump?resource=dynamic_route_configs")
    if found is None:
        return None
    for config in found.get("configs", []):
        if config.get("route_config", {}).get("name") == "local":
            version: str = config.get("version_info", "")
            return version
    return ""


def _upstream(cluster: str, host: dict[str, Any]) -> Upstream:
    at = host["address"]["socket_address"]
    health = host.get("health_status", {})
    stats = {each["name"]: int(each.get("value", 0)) for each in host.get("stats", [])}
    sick = {name for name, value in health.items() if name != "eds_health_status" and value}
    return Upstream(
        cluster,
        f"{at['address']}:{at['port_value']}",
        health.get("eds_health_status", "HEALTHY") == "HEALTHY" and not sick,
        stats.get("rq_active", 0),
    )


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_seconds)
        with short(self._path) as path:
            self.sock.connect(path)


def _get(folder: Path, target: str) -> Any:
    connection = _Connection(folder / "admin.sock")
    try:
        connection.request("GET", target)
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
