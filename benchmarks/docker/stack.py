"""The stack that everybody brings up: what is the same for all of them.

A PostgreSQL on a new volume, a Valkey, replicas of the sample app, and an Envoy before them with the files that Tenfold
writes for it. Only how the Envoy learns of replicas differs: peers have it ask the engine's DNS twice a second.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, Self

from docker import DockerClient

from tasks.providers.envoy.files import SERVING, RouteRule, bootstrap, clusters, endpoints
from tasks.providers.envoy.listener import ClientPolicy, Listener, listeners
from tasks.providers.envoy.routes import routes
from tests.support.images import images

NAME = "peers"
"""In the names of all containers, volumes and networks of this benchmark."""
PORT = 18080
"""Of the proxy, on loopback; one stack is up at a time."""
APP_PORT, INNER_PORT, ADMIN_PORT = 8000, 8080, 9901
FOLDER_PATH = PurePosixPath("/etc/tenfold")
PASSWORD = "for-this-benchmark"
INITDB = "--encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8"
GRACE_SECONDS = 10
CLIENT_CONNECTIONS = 10_000
"""That the proxy takes at once: more than any of the loads here opens."""


class Contender(Protocol):
    """Somebody who can bring the stack up. Each verb returns when its own tool says that it is done."""

    name: str

    def prepare(self) -> None:
        """What must be there before the clock runs."""

    def up(self, replicas: int, image: str) -> None:
        """From nothing to healthy."""

    def again(self) -> None:
        """The same once more: there is nothing to do."""

    def scale(self, replicas: int) -> None:
        """To so many replicas that serve."""

    def release(self, image: str) -> None:
        """Another image for all replicas, as gently as the tool can."""

    def down(self) -> None:
        """Nothing is left, the data included."""

    def leave(self) -> None:
        """What `prepare` made is gone."""


@dataclass(frozen=True, slots=True)
class Images:
    """The engine's images by the names that the official world has for them, or the tests for their samples."""

    here: Mapping[str, str]

    @classmethod
    def of(cls, engine: DockerClient) -> Self:
        """The tests' images, built if need be, under tags that no test moves while something is measured."""
        here = {}
        for known, tag in images(engine).items():
            own = f"tenfold-benchmark/{known}"
            engine.images.get(tag).tag(own)
            here[known] = own
        return cls(here)

    @property
    def database(self) -> str:
        return self._official("postgres")

    @property
    def cache(self) -> str:
        return self._official("valkey/valkey")

    @property
    def proxy(self) -> str:
        return self._official("envoyproxy/envoy")

    def app(self, release: str) -> str:
        return self.here[f"tenfold-sample:{release}"]

    def _official(self, name: str) -> str:
        return next(tag for known, tag in self.here.items() if known.rpartition(":")[0] == name)


DATABASE_ENV = {
    "POSTGRES_USER": "app",
    "POSTGRES_DB": "app",
    "POSTGRES_PASSWORD": PASSWORD,
    "POSTGRES_INITDB_ARGS": INITDB,
}
APP_ENV = {
    "DATABASE_URL": f"postgresql://app:{PASSWORD}@database:5432/app",
    "CACHE_URL": f"redis://:{PASSWORD}@cache:6379/0",
}
CACHE_COMMAND = ["valkey-server", "--requirepass", PASSWORD]
PROXY_COMMAND = ["envoy", "-c", f"{FOLDER_PATH}/bootstrap.json", "--disable-hot-restart", "--concurrency", "2",
                 "-l", "warning"]  # fmt: skip
APP_COMMAND = ["sh", "-c", "TENFOLD_REPLICA=$(hostname) exec python3 app.py"]
"""So that every replica of a peer's tells its own name."""


def health_check(kind: str) -> dict[str, Any]:
    """What the engine runs each second inside a container, in the words of a compose file."""
    ask = "exec 3<>/dev/tcp/127.0.0.1/{}"
    tests = {
        "database": ["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", "app", "-d", "app"],
        "cache": ["CMD", "valkey-cli", "--no-auth-warning", "-a", PASSWORD, "ping"],
        "proxy": ["CMD", "bash", "-c", ask.format(INNER_PORT)],
        "app": ["CMD", "bash", "-c",
                ask.format(APP_PORT) + r" && printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3 && grep -q '200 OK' <&3"],
    }  # fmt: skip
    return {"test": tests[kind], "interval": "1s", "timeout": "2s", "retries": 30}


def sweep(engine: DockerClient) -> None:
    """Remove what a benchmark that was killed has left, whoever's it was."""
    ours = (f"tenfold.{NAME}.", f"{NAME}-", f"{NAME}_")
    for container in engine.containers.list(all=True, filters={"name": NAME}, ignore_removed=True):
        if str(container.name).startswith(ours):
            container.remove(force=True, v=True)
    leftover: Any
    for leftover in (*engine.volumes.list(filters={"name": NAME}), *engine.networks.list(filters={"name": NAME})):
        if leftover.name == NAME or f"{leftover.name}.".startswith(ours):
            leftover.remove()


def write_proxy_files(folder: Path, *, dns: str = "", addresses: Sequence[str] = ()) -> None:
    """The proxy's files: replicas found at a name of the engine's DNS, or at these addresses, which may change."""
    rule = rule_of(addresses)
    admin = {"socket_address": {"address": "0.0.0.0", "port_value": ADMIN_PORT}}
    data = clusters(FOLDER_PATH, [rule])
    if dns:
        data = data | {"resources": [_by_dns(resource, dns) for resource in data["resources"]]}
    put(folder, {
        "bootstrap.json": bootstrap(NAME, FOLDER_PATH, admin),
        "listeners.json": listeners(
            FOLDER_PATH, [Listener("local", "0.0.0.0", INNER_PORT, INNER_PORT)], ClientPolicy(CLIENT_CONNECTIONS)
        ),
        "endpoints-web.json": endpoints(rule),
        "clusters.json": data,
        "routes-local.json": routes("local", [rule]),
    })  # fmt: skip


def rule_of(addresses: Sequence[str], draining: Sequence[str] = ()) -> RouteRule:
    """The one route, to these addresses."""

    def those(found: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{address}:{APP_PORT}" for address in found)

    return RouteRule("web", "*", "/", False, "/healthz", those(addresses), those(draining))


def put(folder: Path, files: Mapping[str, Any]) -> None:
    """Replace each by rename, so that the proxy sees it at once and whole."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    for name, data in files.items():
        fresh = folder.parent / f"{name}.new"
        fresh.write_text(json.dumps(data))
        fresh.chmod(0o644)
        fresh.replace(folder / name)


def _by_dns(cluster: dict[str, Any], name: str) -> dict[str, Any]:
    socket_address = {"address": name, "port_value": APP_PORT}
    hosts = [{"endpoint": {"address": {"socket_address": socket_address}}} | SERVING]
    fields = {key: value for key, value in cluster.items() if key != "eds_cluster_config"}
    return fields | {
        "type": "STRICT_DNS",
        "dns_refresh_rate": "0.5s",
        "dns_failure_refresh_rate": {"base_interval": "0.5s", "max_interval": "0.5s"},
        "dns_lookup_family": "V4_ONLY",
        "load_assignment": {"cluster_name": cluster["name"], "endpoints": [{"lb_endpoints": hosts}]},
    }
