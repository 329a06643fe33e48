"""The proxies of a stack, one on each host: their folders, and the routes that all of them are told."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from docker.types import Mount

from infra_specs.errors import ProviderError, TransientError
from tasks.providers.docker.annotations import Annotation, Annotations, annotations_in, routes_among
from tasks.providers.docker.containers.removal import ignore_missing
from tasks.providers.docker.labels import name_of, part_of
from tasks.providers.docker.proxy.find import proxy_among
from tasks.providers.docker.proxy.folder import FOLDER_PATH, FirstFiles, Folder
from tasks.providers.docker.proxy.routes import RouteTable
from tasks.providers.docker.store import Key
from tasks.providers.envoy.config_push import ProxyFolder
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.hosts import SwarmHosts
from tasks.providers.swarm.store import texts_of

BOOTSTRAP = "bootstrap.json"
SYNC_SECONDS = 30.0
"""How often an engine compares with another one which addresses lie on which host (networkdb's `PushPullInterval`).

It is told of a new task by UDP, within a second. A packet that is lost, on a busy host or while another host dies, is
made up for by that comparison alone. Until then the proxy of the host cannot reach the task.
"""


class HostFolder(Folder):
    """The folder of the proxy on one host."""

    def __init__(self, host: str, engine: HostEngine, container: str) -> None:
        super().__init__(engine, container)
        self.host = host


class SwarmRoutes(RouteTable):
    """The routes of the stacks of a fleet. The proxies of all ready hosts are told, all at once."""

    seen_seconds = 2 * SYNC_SECONDS
    """The first comparison may be with a host that has just died."""

    def __init__(self, hosts: SwarmHosts, annotations: Annotations) -> None:
        super().__init__(annotations)
        self._hosts = hosts

    def routes_of(self, stack: str) -> dict[Key, Annotation]:
        return routes_among(annotations_in(texts_of(self._hosts.managers.configs(stack)).values()))

    def folders(self, stack: str, *, settled: bool) -> Sequence[HostFolder]:
        proxies = self.proxies(stack, settled=settled)
        return [HostFolder(host, self._hosts.engine(host), proxy) for host, proxy in proxies.items()]

    def proxies(self, stack: str, *, settled: bool) -> dict[str, str]:
        """The containers of the stack's proxies that run, by their hosts, with `settled` as `folders` says."""

        def running(host: str, engine: HostEngine) -> str | None:
            containers = engine.containers_of(stack)
            proxy = proxy_among(containers)
            # One that starts again does so with the files that it had.
            if proxy is None and settled and any(proxy_among(containers, state) for state in ("created", "exited")):
                raise TransientError(f"the proxy of {stack} on {host} is starting again")
            return proxy

        proxies = self._hosts.on_ready(lambda member, engine: running(member.host, engine))
        return {host: proxy for host, proxy in proxies.items() if proxy is not None}

    def for_each(self, folders: Sequence[ProxyFolder], act: Callable[[ProxyFolder], None]) -> None:
        def acted(folder: ProxyFolder) -> None:
            assert isinstance(folder, HostFolder)
            try:
                act(folder)
            except ProviderError as error:
                raise type(error)(f"{folder.host}: {error}") from error

        self._hosts.at_once(acted, folders)

    def fill(self, stack: str, image: str, files: Callable[[HostEngine], Mapping[str, Any]]) -> None:
        """Write the files that a proxy reads at its start to every ready host. Who has them keeps them."""
        self._hosts.on_ready(lambda _, engine: self._fill_host(stack, image, engine, files))

    def fill_joined(self, stack: str) -> None:
        """Give the files of a proxy to those that wait for theirs, whose hosts joined after it was made."""
        folders = self.folders(stack, settled=False)
        contents = self._hosts.at_once(lambda folder: folder.read(), folders)
        filled = next((content for content in contents if BOOTSTRAP in content), None)
        for folder, content in zip(folders, contents, strict=True):
            if filled is not None and BOOTSTRAP not in content:
                folder.write({name: data for name, data in filled.items() if name != BOOTSTRAP})
                folder.write({BOOTSTRAP: filled[BOOTSTRAP]})  # the proxy begins once this one is there

    def _fill_host(
        self, stack: str, image: str, engine: HostEngine, files: Callable[[HostEngine], Mapping[str, Any]]
    ) -> None:
        engine.create_volume(folder_name(stack), labels=part_of(stack, "proxy"))
        put_first(engine, stack, image, self.filled(stack, files(engine)))


def folder_name(stack: str) -> str:
    """The volume on each host that its proxy reads."""
    return name_of(stack, part="proxy")


def folder_mount(stack: str) -> Mount:
    """That volume in a container. The engine makes it on a host that has none yet."""
    return Mount(str(FOLDER_PATH), folder_name(stack), type="volume", no_copy=True, labels=part_of(stack, "proxy"))


def put_first(engine: HostEngine, stack: str, image: str, files: FirstFiles) -> None:
    """Put files into a host's volume by a container that never runs."""
    name = name_of(stack, part="filling")
    ignore_missing(lambda: engine.remove_container(name, force=True))
    host_config = engine.create_host_config(mounts=[folder_mount(stack)])
    made = engine.create_container(
        image, ["true"], name=name, labels=part_of(stack, "filling"), host_config=host_config, network_disabled=True
    )
    try:
        files.put(engine, made["Id"])
    finally:
        ignore_missing(lambda: engine.remove_container(made["Id"], force=True))
