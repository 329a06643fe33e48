"""Which container is a stack's proxy."""

from collections.abc import Iterable, Mapping
from typing import Any

from infra_specs.sharing.front import FRONT_KIND
from tasks.providers.docker.containers.removal import is_ending
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.labels import is_of_kind


def running_proxy(api: Engine, stack: str) -> str | None:
    """The container of the stack's proxy, if it runs and goes on running."""
    return proxy_among(api.containers_of(stack))


def front_container(api: Engine, stack: str) -> str | None:
    """The container of the front that is called so, if it is there and goes on to be; it need not run."""
    for container in api.containers_of(stack):
        if is_of_kind(container["Labels"], FRONT_KIND) and not any(map(is_ending, container["Names"])):
            return str(container["Id"])
    return None


def proxy_among(containers: Iterable[Mapping[str, Any]], state: str = "running") -> str | None:
    """The proxy's among a stack's containers, as `listed_proxy` finds it."""
    container = listed_proxy(containers, state)
    return str(container["Id"]) if container else None


def listed_proxy(containers: Iterable[Mapping[str, Any]], state: str = "running") -> Mapping[str, Any] | None:
    """The proxy among a stack's containers (as the engine lists them), if it is in this state and not ending."""
    for container in containers:
        if (
            is_of_kind(container["Labels"], "proxy")
            and container["State"] == state
            and not any(map(is_ending, container["Names"]))
        ):
            return container
    return None
