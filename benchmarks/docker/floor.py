"""The floor: the engine's bare calls, all that can be at once at once, and direct probes; no orchestrator.

Nothing is compared, recorded or proven, and no secret is kept apart. What Tenfold does is held against this. In the
floor itself nobody waits for the database; `InOrder` starts the replicas when it and the cache answer, as Tenfold,
Compose and Ansible do, since an app may end at once without them.
"""

import http.client
import json
import socket
import struct
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from docker.api.client import APIClient
from docker.errors import NotFound
from docker.types import EndpointConfig, Mount

from benchmarks.docker import stack
from tasks.providers.envoy.admin_state import CLUSTERS_PATH, AdminState, parse_admin_state
from tasks.providers.envoy.files import endpoints

_OFTEN = 0.02
_PATIENCE = 60.0
LABEL = {"tenfold-benchmark": stack.NAME}


class Floor:
    """Itself the world: which replicas there are is remembered."""

    name = "floor: bare calls"
    in_order = False

    def __init__(self, images: stack.Images, folder: Path) -> None:
        self._images, self._folder = images, folder / "floor" / "files"
        self._replicas: dict[str, str] = {}
        self._made, self._image, self._proxy = 0, "", ""

    def prepare(self) -> None:
        self._api = APIClient("unix:///var/run/docker.sock", version="auto", num_pools=4, max_pool_size=32)
        self._pool = ThreadPoolExecutor(32)
        stack.write_proxy_files(self._folder)

    def up(self, replicas: int, image: str) -> None:
        self._image = image
        self._api.create_network(stack.NAME, labels=LABEL)
        images = self._images
        others = [
            self._pool.submit(self._database, images.database),
            self._pool.submit(self._cache, images.cache),
            self._pool.submit(self._envoy, images.proxy),
        ]
        if self.in_order:
            wait(others)
        self._replicas = self._started(replicas, image)
        self._route(self._replicas.values())
        for other in others:
            other.result()
        self._until(lambda: _get(f"127.0.0.1:{stack.PORT}", "/api/visit"))

    def again(self) -> None:
        """One look at all of it."""
        containers = self._api.containers(filters={"label": f"tenfold-benchmark={stack.NAME}"})
        list(self._pool.map(lambda each: self._api.inspect_container(each["Id"]), containers))
        if len(containers) != len(self._replicas) + 3:
            raise RuntimeError("something is missing")

    def scale(self, replicas: int) -> None:
        if replicas > len(self._replicas):
            self._replicas |= self._started(replicas - len(self._replicas), self._image)
            self._route(self._replicas.values())
            self._until_answering(self._replicas.values())
            return
        going = list(self._replicas)[replicas:]
        self._retire({slot: self._replicas.pop(slot) for slot in going})

    def release(self, image: str) -> None:
        """The new serve before the old are drained."""
        old, self._image = self._replicas, image
        self._replicas = self._started(len(old), image)
        self._route([*old.values(), *self._replicas.values()])
        self._until_answering(self._replicas.values())
        self._retire(old)

    def down(self) -> None:
        containers = self._api.containers(all=True, filters={"label": f"tenfold-benchmark={stack.NAME}"})
        list(self._pool.map(self._remove, [container["Id"] for container in containers]))
        for remove in (self._api.remove_network, self._api.remove_volume):
            try:
                remove(stack.NAME)
            except NotFound:
                continue

    def leave(self) -> None:
        self._pool.shutdown()
        self._api.close()

    def _started(self, count: int, image: str) -> dict[str, str]:
        """New replicas that answer, all at once: address by container."""

        def start_replica(number: int) -> tuple[str, str]:
            title = f"{stack.NAME}-web-{number}"
            env = stack.APP_ENV | {"TENFOLD_REPLICA": title}
            identity, address = self._run(image, title, env, stop_timeout=stack.GRACE_SECONDS)
            self._until(lambda: _get(f"{address}:{stack.APP_PORT}", "/healthz"))
            return identity, address

        first, self._made = self._made, self._made + count
        return dict(self._pool.map(start_replica, range(first, first + count)))

    def _database(self, image: str) -> None:
        self._api.create_volume(stack.NAME, labels=LABEL)
        mount = Mount("/var/lib/postgresql/data", stack.NAME, type="volume")
        _, address = self._run(image, f"{stack.NAME}-database", stack.DATABASE_ENV, alias="database", mounts=[mount])
        self._until(lambda: _postgres(address))

    def _cache(self, image: str) -> None:
        _, address = self._run(image, f"{stack.NAME}-cache", {}, alias="cache", command=stack.CACHE_COMMAND)
        self._until(lambda: _opens(address, 6379))

    def _envoy(self, image: str) -> None:
        files = Mount(str(stack.FOLDER_PATH), str(self._folder), type="bind", read_only=True)
        ports: dict[int | str, tuple[str, int]] = {stack.INNER_PORT: ("127.0.0.1", stack.PORT)}
        _, self._proxy = self._run(
            image, f"{stack.NAME}-proxy", {}, mounts=[files], command=stack.PROXY_COMMAND, ports=ports
        )
        self._until(lambda: _opens(self._proxy, stack.INNER_PORT))

    def _run(
        self,
        image: str,
        title: str,
        env: Mapping[str, str],
        *,
        alias: str = "",
        mounts: Iterable[Mount] = (),
        ports: Mapping[int | str, tuple[str, int]] | None = None,
        **more: Any,
    ) -> tuple[str, str]:
        """Made and started: its id and its address."""
        host = self._api.create_host_config(
            mounts=list(mounts), port_bindings=dict(ports or {}), restart_policy={"Name": "unless-stopped"}
        )
        network = {"EndpointsConfig": {stack.NAME: EndpointConfig("1.41", aliases=[alias] if alias else None)}}
        made = self._api.create_container(
            image, name=title, environment=dict(env), labels=LABEL, host_config=host, networking_config=network,
            ports=list(ports or ()), **more,
        )  # fmt: skip
        self._api.start(made["Id"])
        container = self._api.inspect_container(made["Id"])
        return made["Id"], container["NetworkSettings"]["Networks"][stack.NAME]["IPAddress"]

    def _route(self, addresses: Iterable[str], draining: Iterable[str] = ()) -> None:
        rule = stack.rule_of(list(addresses), list(draining))
        stack.put(self._folder, {"endpoints-web.json": endpoints(rule)})

    def _retire(self, going: Mapping[str, str]) -> None:
        self._route(self._replicas.values(), going.values())
        taken_out = {f"{address}:{stack.APP_PORT}" for address in going.values()}
        self._until(lambda: (seen := self._view()) and not taken_out & seen.answering("service-web"))
        self._until(lambda: (seen := self._view()) and not any(map(seen.in_flight, taken_out)))
        list(self._pool.map(self._remove, going))
        self._route(self._replicas.values())

    def _until_answering(self, addresses: Iterable[str]) -> None:
        wanted = {f"{address}:{stack.APP_PORT}" for address in addresses}
        self._until(lambda: (seen := self._view()) and wanted <= seen.answering("service-web"))

    def _view(self) -> AdminState | None:
        return parse_admin_state(_body(f"{self._proxy}:{stack.ADMIN_PORT}", CLUSTERS_PATH))

    def _remove(self, identity: str) -> None:
        self._api.stop(identity)
        self._api.remove_container(identity, v=True, force=True)

    @staticmethod
    def _until(true: Callable[[], object]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError("the floor waited in vain")
            time.sleep(_OFTEN)


class InOrder(Floor):
    """The same, the replicas after the database and the cache."""

    name = "floor, in order"
    in_order = True


def _body(where: str, path: str) -> bytes | None:
    connection = http.client.HTTPConnection(where, timeout=2)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read() if answer.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _get(where: str, path: str) -> bool:
    body = _body(where, path)
    return body is not None and (path != "/api/visit" or bool(json.loads(body).get("hits")))


def _opens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _postgres(host: str) -> bool:
    words = b"user\0app\0database\0app\0\0"
    try:
        with socket.create_connection((host, 5432), timeout=1) as connection:
            connection.sendall(struct.pack("!ii", len(words) + 8, 3 << 16) + words)
            return connection.recv(1) == b"R"
    except OSError:
        return False
