"""A small stack on a Docker Engine for tests of flows: its spec, and what is there of it."""

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from docker import DockerClient

from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import DockerProvider
from tests.support.children import Ended, run

stack = "flows"
one_replica = [
    "cache/main", "database/main", "proxy/main", "replica/web-0", "route/web", "volume/database",
]  # fmt: skip


def shop(images: Mapping[str, str], host: str | None = None, **service: Any) -> dict[str, Any]:
    """The tiny server with a database and a cache beside it; the service changed as told."""
    unversioned = {known.rpartition(":")[0]: tag for known, tag in images.items()}
    web = {"image": images["tenfold-tiny:1"], "port": 8000, "health": "/healthz", "replicas": {"min": 1, "max": 6}}
    target = {"provider": "docker", "images": unversioned} | ({"host": host} if host else {})
    return {
        "name": stack,
        "target": target,
        "services": {"web": web | service},
        "needs": {"database": "postgres", "cache": "valkey"},
    }


def observed(spec: Mapping[str, Any]) -> tuple[Instance, ...]:
    with closing(DockerProvider(Docker.model_validate(spec["target"]))) as provider:
        return provider.observe(stack)


def door(spec: Mapping[str, Any]) -> str:
    """The proxy's port on loopback."""
    return next(
        instance.outputs["port"] for instance in observed(spec) if instance.kind == "proxy" and not instance.failed
    )


def well(spec: Mapping[str, Any]) -> list[str]:
    """The addresses of everything that is healthy. What failed is kept beside it for its log, at most one a slot."""
    instances = observed(spec)
    sick = Counter(each.address for each in instances if each.failed)
    assert max(sick.values(), default=0) <= 1, sick
    return [instance.address for instance in instances if instance.health.state == "healthy"]


def done(flow: Any, **parameters: Any) -> str:
    """The message of a run in a child that completed."""
    ended = run(flow, parameters)
    assert ended.state == "COMPLETED", ended.message
    return ended.message


def first_line(ended: Ended) -> str:
    return f"{(ended.state or 'killed').lower()}: {ended.message.partition(chr(10))[0]}"


def containers(engine: DockerClient) -> list[str]:
    """The names of all containers of the stack, instances or not."""
    return sorted(
        str(container.name)
        for container in engine.containers.list(all=True, filters={"label": f"tenfold.stack={stack}"})
    )
