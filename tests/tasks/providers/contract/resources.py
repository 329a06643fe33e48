"""What the contract makes: the cheapest things that any target can start."""

import time
from typing import Any

from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers.seam.provider import KindProvider
from tests.tasks.providers.looks import health_of

stack = "contract"
patience = 60.0
image: str | None = None
"""What a worker runs from, on targets that run containers."""


def worker(slot: int = 0, stack: str = stack, **changed: Any) -> Resource:
    """A replica without a port that runs for ever."""
    settings = {**_program(), "slot": slot, "command": ["sleep", "3600"], "serves": False, "health": "/", **changed}
    return Resource(stack, f"replica/jobs-{slot}", "replica", settings)


def service(count: int = 2, name: str = "jobs", stack: str = stack, **changed: Any) -> Resource:
    """The same as one resource with a count, on targets where a service is one."""
    settings = {**_program(), "service": name, "count": count, "command": ["sleep", "3600"], "port": None, **changed}
    return Resource(stack, f"service/{name}", "service", settings, mutable=("count",))


def job(name: str = "run-1", **changed: Any) -> Resource:
    """What runs to its end: by default one that says a line and ends with 0."""
    settings = {**_program(), "command": ["sh", "-c", "echo once"], "port": None, "release": 1, **changed}
    return Resource(stack, f"job/{name}", "job", settings, singleton=True)


def volume(size: int = 1, stack: str = stack) -> Resource:
    return Resource(stack, "volume/database", "volume", {"size": size}, mutable=("size",), stateful=True)


def settled(provider: KindProvider, instance: Instance) -> Health:
    """Its health once it is no longer starting."""
    until = time.monotonic() + patience
    while (health := health_of(provider, instance)).state == "starting" and time.monotonic() < until:
        time.sleep(0.05)
    return health


def known(provider: KindProvider, instance: Instance, output: str) -> Instance:
    """The instance once this output of it is known."""
    until = time.monotonic() + patience
    while True:
        current = provider.look(instance)
        assert current is not None
        if output in current.outputs:
            return current
        assert time.monotonic() < until, f"{instance} never says its {output}"


def gone(provider: KindProvider, instance: Instance) -> None:
    """Destroy it until nothing is left of it."""
    left = provider.destroy(instance)
    until = time.monotonic() + patience
    while left is not None:
        assert time.monotonic() < until, f"{instance} is still there: {left.health}"
        assert left.ending, left.health
        if left := provider.look(instance):
            left = provider.destroy(left)


def _program() -> dict[str, Any]:
    return {"service": "jobs", "image": image, "folder": "/", "env": {}}
