"""A container as data, and how the engine is asked to make it."""

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from docker.api.client import APIClient
from docker.types import LogConfig, Mount

from infra_specs.resources.resource import Resource
from tasks.providers.docker.labels import Labels

SECRETS_PATH = PurePosixPath("/run/secrets")
_LOG_CONFIG = LogConfig(type="json-file", config={"max-size": "10m", "max-file": "3"})
MAX_PROCESSES = 4096
"""More than any service of a stack of ours needs; a fork bomb ends there."""


@dataclass(frozen=True, slots=True)
class Container:
    """What a kind wants run. `None` leaves a choice to the image.

    `init`: the engine's init is its first process, which passes signals on and takes away what ended. A program that
    is the first itself gets no signal that it did not ask for, and few know how to be it.
    `once`: it runs to its end, and what is stopped before that does not end with 0.
    `files` are what lies below /run/secrets, in a volume of the container's own that goes with it; `volumes` are the
    engine's volumes by the path they are mounted at; `scratch` paths that are empty memory at every start; `ports`
    published ones, as `container port -> (address, port)`.
    """

    image: str
    command: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    volumes: Mapping[str, Mount] = field(default_factory=dict)
    scratch: tuple[str, ...] = ()
    ports: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    read_only: bool = True
    capabilities: tuple[str, ...] = ()
    memory: int | None = None
    shared_memory: int | None = None
    cpus: float | None = None
    stop_seconds: int = 10
    init: bool = False
    once: bool = False
    entrypoint: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class DesiredContainer:
    """A container with its network aliases, its outputs, its probe, and what it needs before it starts."""

    container: Container
    aliases: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    probe: Mapping[str, Any] | None = None
    prepare: Callable[[str], None] | None = None
    """Called with the container's id, before each try to start it."""
    taken: Callable[[], None] | None = None
    """Called when another program seems to have one of its ports, so that others are tried."""
    fixed_ports: tuple[int, ...] = ()
    """Those of its ports that somebody named: there are no others to try."""


Settings = Callable[[Resource, str], DesiredContainer]
"""From a resolved resource, and its address in the stack's network, to what is run."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a container is called, and where it is in its stack's network."""

    name: str
    labels: Labels
    network: str
    address: str
    aliases: tuple[str, ...] = ()


def make(api: APIClient, container: Container, identity: Identity, secrets: Mount | None) -> str:
    """Make it, with its files, without starting it; its id. Raises APIError with 409 if the name is taken."""
    endpoint = api.create_endpoint_config(aliases=list(identity.aliases), ipv4_address=identity.address)
    created = api.create_container(
        container.image,
        list(container.command) if container.command is not None else None,
        entrypoint=list(container.entrypoint) if container.entrypoint is not None else None,
        name=identity.name,
        user=container.user,
        environment=dict(container.env),
        labels=identity.labels,
        ports=list(container.ports) or None,
        host_config=_host_config(api, container, secrets),
        networking_config={"EndpointsConfig": {identity.network: endpoint}},
        stop_timeout=container.stop_seconds,
        # Of an engine that is stopped nobody learns that it has sent a signal. A program that then ends properly, and
        # so with 0, would look as if it had done its work.
        stop_signal="SIGKILL" if container.once else None,
    )
    put_files(api, str(created["Id"]), container)
    return str(created["Id"])


def _host_config(api: APIClient, container: Container, secrets: Mount | None) -> dict[str, Any]:
    config: dict[str, Any] = api.create_host_config(
        mounts=[*container.volumes.values(), *([secrets] if secrets else [])],
        port_bindings={f"{port}/tcp": host_address for port, host_address in container.ports.items()},
        restart_policy={"Name": "no" if container.once else "unless-stopped"},
        log_config=_LOG_CONFIG,
        read_only=container.read_only,
        tmpfs=dict.fromkeys(container.scratch, "mode=1777"),
        cap_drop=["ALL"],
        cap_add=list(container.capabilities),
        security_opt=["no-new-privileges:true"],
        pids_limit=MAX_PROCESSES,
        mem_limit=container.memory,
        # Without it as much again could be swapped, which no database's tuning knows of.
        memswap_limit=container.memory,
        shm_size=container.shared_memory,
        nano_cpus=int(container.cpus * 1e9) if container.cpus else None,
        init=container.init,
    )
    return config


def put_files(api: APIClient, identity: str, container: Container) -> None:
    """The files of a container; it need not run. Only what runs in it can read them, whoever that is."""
    if container.files:
        api.put_archive(identity, str(SECRETS_PATH), archive(container.files))


def as_label(data: Mapping[str, Any]) -> str:
    """Plain data as a label's text."""
    return json.dumps(dict(data), sort_keys=True)


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """A tar of these files, owned by root and readable by all; what is a script can be run."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in files.items():
            content = data if isinstance(data, bytes) else data.encode()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o555 if content.startswith(b"#!") else 0o444
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
