"""What a Swarm is asked for: a service of one task, from the same data as a container of the docker target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from docker.types import Mount

from tasks.providers.docker.containers.container import MAX_PROCESSES, Container
from tasks.providers.docker.labels import Labels

Spec = dict[str, Any]
NANO = 10**9
RESTART_SECONDS = 1
"""Between the end of a task and the start of the next."""
HOST_CONSTRAINT = "node.id=="
STOPPED_CONSTRAINT = "node.labels.tenfold.stopped==yes"
"""No node has this label: a service with it keeps its last task's container and its log, and runs nowhere."""
_LOG_DRIVER = {"Name": "json-file", "Options": {"max-size": "10m", "max-file": "3"}}


@dataclass(frozen=True, slots=True)
class ServiceParts:
    """What a service has besides its container. `secrets`: name of a file -> name and id of the Swarm's secret."""

    name: str
    labels: Labels
    network: str
    aliases: tuple[str, ...] = ()
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    constraints: tuple[str, ...] = ()
    is_global: bool = False
    ports: Mapping[int, int] = field(default_factory=dict)
    """Port in the container -> port of each host."""


def service_spec(container: Container, image: str, parts: ServiceParts) -> Spec:
    """The whole service. Its tasks are found by their addresses and aliases: it has no address of its own."""
    return {
        "Name": parts.name,
        "Labels": dict(parts.labels),
        "TaskTemplate": {
            "ContainerSpec": _container_spec(container, image, parts),
            "Resources": {"Limits": _limits(container)},
            "RestartPolicy": {"Condition": "any", "Delay": RESTART_SECONDS * NANO, "MaxAttempts": 0},
            "Placement": {"Constraints": list(parts.constraints)},
            "LogDriver": _LOG_DRIVER,
            "Networks": [{"Target": parts.network, "Aliases": list(parts.aliases)}],
        },
        "Mode": {"Global": {}} if parts.is_global else {"Replicated": {"Replicas": 1}},
        "EndpointSpec": {"Mode": "dnsrr", "Ports": [_published(*pair) for pair in parts.ports.items()]},
    }


def constraints_of(spec: Mapping[str, Any]) -> list[str]:
    """Where a service's tasks may run."""
    return list((spec["TaskTemplate"].get("Placement") or {}).get("Constraints") or [])


def with_constraints(spec: Spec, constraints: Sequence[str]) -> Spec:
    """The same service with other constraints."""
    placement = {**(spec["TaskTemplate"].get("Placement") or {}), "Constraints": list(constraints)}
    return {**spec, "TaskTemplate": {**spec["TaskTemplate"], "Placement": placement}}


def node_of(spec: Mapping[str, Any]) -> str | None:
    """The node that a service is bound to, if it is."""
    for constraint in constraints_of(spec):
        if constraint.startswith(HOST_CONSTRAINT):
            return constraint.removeprefix(HOST_CONSTRAINT)
    return None


def is_stopped(spec: Mapping[str, Any]) -> bool:
    """Whether a service was ended for good, and is kept for its log."""
    return STOPPED_CONSTRAINT in constraints_of(spec)


def _container_spec(container: Container, image: str, parts: ServiceParts) -> Spec:
    spec: Spec = {
        "Image": image,
        "Env": [f"{name}={value}" for name, value in container.env.items()],
        "Labels": dict(parts.labels),
        "Mounts": _mounts(container),
        "ReadOnly": container.read_only,
        "CapabilityDrop": ["ALL"],
        "CapabilityAdd": list(container.capabilities),
        "Init": container.init,
        "StopGracePeriod": container.stop_seconds * NANO,
        "Secrets": [_secret(name, *secret) for name, secret in parts.secrets.items()],
    }
    if container.user is not None:
        spec["User"] = container.user
    if container.entrypoint is not None:
        spec["Command"] = list(container.entrypoint)
    if container.command is not None:
        spec["Args"] = list(container.command)
    return spec


def _mounts(container: Container) -> list[Spec]:
    mounts: list[Spec] = [dict(mount) for mount in container.volumes.values()]
    mounts += [dict(Mount(path, None, type="tmpfs", tmpfs_mode=0o1777)) for path in container.scratch]
    if container.shared_memory:
        mounts.append(dict(Mount("/dev/shm", None, type="tmpfs", tmpfs_size=container.shared_memory)))  # noqa: S108
    return mounts


def _limits(container: Container) -> Spec:
    limits: Spec = {"Pids": MAX_PROCESSES}
    if container.memory:
        limits["MemoryBytes"] = container.memory
    if container.cpus:
        limits["NanoCPUs"] = int(container.cpus * NANO)
    return limits


def _secret(file: str, name: str, id: str) -> Spec:
    """All that runs in the container may read it, as on the docker target; a script can be run."""
    mode = 0o555 if name.endswith(SCRIPT_SUFFIX) else 0o444
    return {"SecretID": id, "SecretName": name, "File": {"Name": file, "UID": "0", "GID": "0", "Mode": mode}}


SCRIPT_SUFFIX = "-run"
"""At the end of the name of a secret that is a script."""


def _published(inside: int, outside: int) -> Spec:
    return {"Protocol": "tcp", "TargetPort": inside, "PublishedPort": outside, "PublishMode": "host"}
