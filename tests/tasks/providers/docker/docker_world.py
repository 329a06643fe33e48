"""A small world for the docker target's tests: resources with every setting, and ways to wait, ask and look."""

import fcntl
import http.client
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from docker import DockerClient
from docker.errors import NotFound
from docker.models.containers import Container

from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource, SecretRef, Setting
from tasks.providers.seam.provider import KindProvider
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.looks import health_of
from tests.tasks.providers.routes import route, stack  # noqa: F401 - a world gives both to its tests

STACKS = (stack, "other", "contract", "flows", "front_docker")
"""Every stack that these tests make; nothing else in the engine is touched."""
PATIENCE = 90.0


@contextmanager
def alone(engine: DockerClient) -> Iterator[None]:
    """Nothing of the tests' stacks in the engine before and after, and no other test process at it meanwhile."""
    with (Path(tempfile.gettempdir()) / "tenfold-docker-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        clear(engine)
        yield
        clear(engine)


def left(engine: DockerClient) -> list[str]:
    """Everything of the tests' stacks in the engine, by name."""
    endpoints = []
    for each in STACKS:
        filters = {"label": f"tenfold.stack={each}"}
        endpoints += [container.name for container in engine.containers.list(all=True, filters=filters)]
        endpoints += [volume.name for volume in engine.volumes.list(filters=filters)]
        endpoints += [network.name for network in engine.networks.list(filters=filters)]
    return endpoints


def clear(engine: DockerClient) -> None:
    """Remove everything of the tests' stacks."""
    for each in STACKS:
        filters = {"label": f"tenfold.stack={each}"}
        for container in engine.containers.list(all=True, filters=filters, ignore_removed=True):
            with suppress(NotFound):
                container.remove(v=True, force=True)
    for each in STACKS:  # a front is in the networks of others
        filters = {"label": f"tenfold.stack={each}"}
        for leftover in (*engine.volumes.list(filters=filters), *engine.networks.list(filters=filters)):
            with suppress(NotFound):
                leftover.remove()


def volume(stack: str = stack) -> Resource:
    return Resource(stack, "volume/database", "volume", {"size": 2**30}, mutable=("size",), stateful=True)


def database(
    images: dict[str, str], path: str, password: str = "it's a secret", version: int = 1, stack: str = stack
) -> Resource:
    """As the road makes it: the secret's version is in the fingerprint, its value in the settings."""
    settings: dict[str, Setting] = {
        "engine": "postgres",
        "image": official(images, "postgres"),
        "volume": path,
        "user": "app",
        "name": "app",
        "password": SecretRef("database-password", version),
        "memory": 2**28,
        "limit": 2**28,
        "connections": 20,
        "tuning": {"shared_buffers": "32MB", "work_mem": "4MB"},
    }
    return Resource(stack, "database/main", "database", settings, singleton=True).resolved(lambda _: password)


def cache(images: dict[str, str], password: str = "geheim \"'#\\ ü", stack: str = stack) -> Resource:
    settings: dict[str, Setting] = {
        "engine": "valkey",
        "image": official(images, "valkey/valkey"),
        "password": SecretRef("cache-password"),
        "memory": 2**25,
        "limit": 2**27,
    }
    return Resource(stack, "cache/main", "cache", settings, singleton=True).resolved(lambda _: password)


def queue(images: dict[str, str], path: str, password: str = "geheim \"'#\\ ü", stack: str = stack) -> Resource:
    settings = {**cache(images, password, stack).settings, "volume": path}
    return Resource(stack, "queue/main", "queue", settings, singleton=True).resolved(lambda _: password)


def proxy(images: dict[str, str], *, public: bool = False, port: int | None = None, stack: str = stack) -> Resource:
    settings: dict[str, Setting] = {
        "image": official(images, "envoyproxy/envoy"),
        "port": port,
        "public_port": None,
        "public": public,
    }
    return Resource(stack, "proxy/main", "proxy", settings, singleton=True)


def replica(
    images: dict[str, str], slot: int = 0, service: str = "web", stack: str = stack, **changed: Any
) -> Resource:
    """The tiny server of static pages: a replica that serves."""
    settings: dict[str, Setting] = {
        "service": service,
        "slot": slot,
        "command": [],
        "image": images["tenfold-tiny:1"],
        "port": 8000,
        "env": {},
        "files": {},
        "serves": True,
        "health": "/healthz",
        "limit": None,
        "cpus": None,
        **changed,
    }
    return Resource(stack, f"replica/{service}-{slot}", "replica", settings, drain_seconds=5.0)


def official(images: dict[str, str], name: str) -> str:
    """What stands for an official image, whatever its version."""
    return next(tag for known, tag in images.items() if known.rpartition(":")[0] == name)


def made(provider: KindProvider, resource: Resource) -> Instance:
    """Created, and well."""
    return wait_healthy(provider, provider.create(resource))


def failed(provider: KindProvider, instance: Instance) -> Health:
    """Its health, once that is failed; between two starts of what crashes it is starting again."""

    def look() -> Health | None:
        health = health_of(provider, instance)
        return health if health.state == "failed" else None

    found: Health = wait_until(look, f"{instance} failed")
    return found


def get(port: str, path: str = "/", host: str = "") -> tuple[int, str]:
    """Status and body of one request to a port on loopback."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def crash(container: Container) -> None:
    """End its first process behind the engine's back: what the engine kills when asked to, it does not start again."""

    def process() -> int:
        container.reload()
        return int(container.attrs["State"]["Pid"])

    # 0 while it starts again, and to kill that is to kill this program with all that it began.
    os.kill(wait_until(process, "it runs"), signal.SIGKILL)


def connected(
    engine: DockerClient, server: Instance, password: str = "it's a secret"
) -> psycopg.Connection[tuple[object, ...]]:
    container = engine.containers.get(f"tenfold.{server.stack}.database.main.{server.incarnation}")
    address = container.attrs["NetworkSettings"]["Networks"][f"tenfold.{server.stack}"]["IPAddress"]
    return psycopg.connect(
        psycopg.conninfo.make_conninfo(host=address, port="5432", user="app", dbname="app", password=password)
    )
