"""A queue on a target, without a stack around it, and the ways to hurt it."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

import docker

from infra_specs.catalogue import queue
from infra_specs.catalogue.desired import desired_state
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Ref, Reference, Resource
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Docker
from infra_specs.stackfile.reading.load import from_data
from tasks.providers.docker import DockerProvider
from tasks.providers.local import LocalProvider
from tasks.providers.local.accounts import stack_accounts
from tasks.providers.seam.provider import KindProvider
from tasks.supervisor.client import Supervisor
from tests.support.images import images

NAME = "queued"
PASSWORD = "only of this run"
SMALL_DISK = "16m"
Target = Literal["local", "docker"]


class Hurt(Protocol):
    """Where a queue runs."""

    provider: KindProvider

    def stack(self) -> Stack: ...
    def folder(self, volume: Instance) -> Path: ...
    def where(self) -> tuple[str, int] | None: ...
    def pid(self) -> int: ...


class OnLocal:
    """A process of this machine."""

    def __init__(self, home: Path) -> None:
        self.home, self.provider = home, LocalProvider(home)

    def stack(self) -> Stack:
        return _stack({"provider": "local"}, {"command": "sleep 1"})

    def folder(self, volume: Instance) -> Path:
        return Path(volume.outputs["path"])

    def where(self) -> tuple[str, int] | None:
        server = newest(self.provider)
        return (server.outputs["host"], int(server.outputs["port"])) if server else None

    def pid(self) -> int:
        supervisor, server = Supervisor.find(self.home / "stacks" / NAME / "supervisor"), newest(self.provider)
        status = supervisor.get(f"{server.address}#{server.incarnation}") if supervisor and server else None
        return status.pid or 0 if status else 0


class OnDocker:
    """A container of this machine's engine."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client
        self._target = {"provider": "docker", "mirror": "tenfold-test"}
        self.provider = DockerProvider(Docker.model_validate(self._target))

    def stack(self) -> Stack:
        return _stack(self._target, {"image": "tenfold-tiny:1"})

    def folder(self, volume: Instance) -> Path:
        return Path(self._client.volumes.get(volume.outputs["path"]).attrs["Mountpoint"])

    def where(self) -> tuple[str, int] | None:
        networks = self._attributes().get("NetworkSettings", {}).get("Networks", {}).values()
        return next(((network["IPAddress"], 6379) for network in networks if network["IPAddress"]), None)

    def pid(self) -> int:
        return int(self._attributes().get("State", {}).get("Pid", 0))

    def _attributes(self) -> dict[str, dict[str, object]]:
        server = newest(self.provider)
        name = f"tenfold.{NAME}.queue.main.{server.incarnation}" if server else ""
        containers = self._client.containers.list(all=True, filters={"name": name}) if name else []
        return containers[0].attrs if containers else {}


def newest(provider: KindProvider) -> Instance | None:
    """The queue's newest instance."""
    servers = [instance for instance in provider.observe(NAME) if instance.kind == "queue"]
    return max(servers, key=lambda instance: instance.incarnation, default=None)


@contextmanager
def hurt_on(target: Target) -> Iterator[Hurt]:
    """What is hurt on that target, and nothing of it afterwards."""
    if target == "local":
        home = Path(tempfile.mkdtemp(prefix="tenfold-queue-"))
        home.chmod(0o711)
        hurt: Hurt = OnLocal(home)
        try:
            yield hurt
        finally:
            for path in (home / "stacks").glob("[!.]*"):
                Supervisor.start(path / "supervisor").shutdown()
                stack_accounts.remove(home, path.name)
            subprocess.run(["rm", "-rf", str(home)], check=True)
    else:
        client = docker.from_env()
        images(client)
        yield OnDocker(client)
        client.close()


@contextmanager
def queue_on(hurt: Hurt, *, small: bool) -> Iterator[tuple[Path, Callable[[], object]]]:
    """A queue that is healthy: its volume's folder, and what a repair does with it once it has failed for good.

    `small`: the folder is on a file system of its own that is soon full.
    """
    stack, outputs = hurt.stack(), dict[Reference, str]()
    made = desired_state(stack, size(stack), counts={}, secrets={}, source="/")
    volume, server = (
        next(item for item in made if item.address == address) for address in (queue.VOLUME, queue.NEED.address)
    )
    data = hurt.provider.create(volume)
    folder, mounted = hurt.folder(data), False
    try:
        if small:
            options = f"size={SMALL_DISK},mode=1777"
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
            mounted = True
        outputs[Ref(queue.VOLUME, "path")] = data.outputs["path"]
        wanted = _resolved(server, outputs)
        hurt.provider.create(wanted)
        yield folder, lambda: hurt.provider.create(wanted)
    finally:
        for instance in hurt.provider.observe(NAME):
            if instance.kind == "queue":
                hurt.provider.destroy(instance)
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
        hurt.provider.destroy(data)
        hurt.provider.sweep(NAME)


def kill(hurt: Hurt) -> None:
    """End the server at once."""
    os.kill(hurt.pid(), signal.SIGKILL)


def freeze(hurt: Hurt) -> None:
    """Stop the server where it is."""
    os.kill(hurt.pid(), signal.SIGSTOP)


def _stack(target: dict[str, str], service: dict[str, str]) -> Stack:
    return from_data({"name": NAME, "target": target, "services": {"web": service}, "needs": {"queue": "valkey"}})


def _resolved(resource: Resource, outputs: dict[Reference, str]) -> Resource:
    return resource.resolved(lambda reference: outputs.get(reference, PASSWORD))
