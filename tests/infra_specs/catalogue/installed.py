"""Stacks that installations run: what is made of them must never change by itself, or all of it would be replaced."""

import hashlib
import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

from infra_specs.catalogue.desired import desired_state
from infra_specs.catalogue.job import before_jobs
from infra_specs.resources.resource import Resource, canonical
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.service import IMAGES_OWN_ENTRYPOINT
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data, load

_NEEDS: dict[str, Any] = {"database": "postgres", "cache": {"engine": "valkey", "memory": "100MB"}}
_TLS = {"certificate": "shop.pem", "key": {"secret": "key"}, "redirect": 80}
_WEB: dict[str, Any] = {
    "command": "serve --port 8000",
    "image": "shop:1",
    "before": "migrate",
    "port": 8000,
    "folder": "app",
    "public": True,
    "health": "/up",
    "drain": "5s",
    "env": {
        "MODE": "fast",
        "STRIPE": {"secret": "stripe"},
        "PGHOST": {"from": "database.host"},
        "PGPORT": {"from": "database.port"},
        "CACHE_PASSWORD": {"from": "cache.password"},
    },
    "memory": "256MB",
    "cpus": 0.5,
    "replicas": {"min": 2, "max": 9},
    "route": {"host": "shop.example", "path": "/shop"},
}
_WIKI: dict[str, Any] = {
    "command": ["wiki", "run"],
    "image": "example.com/wiki:2",
    "port": 3000,
    "volumes": {"data": "/var/lib/wiki", "user-files": "/srv/files"},
    "env": {"TOKEN": {"secret": "stripe"}},
    "route": {"path": "/wiki"},
}
_WORKER: dict[str, Any] = {"command": "work", "image": "shop:1", "replicas": 3}
_TARGETS: dict[str, dict[str, Any]] = {
    "local": {"provider": "local", "port": 8080, "public_port": 8443},
    "local-plain": {"provider": "local"},
    "docker": {
        "provider": "docker",
        "port": 8080,
        "public_port": 443,
        "mirror": "hub.example/team",
        "images": {"example.com/wiki:2": "hub.example/wiki:3", "postgres": "hub.example/postgres:18"},
    },
    "docker-plain": {"provider": "docker"},
    "memory": {"provider": "memory"},
}
IMAGES = {"shop:1": "sha256:" + "1" * 64}
SECRETS = {"stripe": 4, "key": 2, "tls-certificate": 3, "database-password": 2}


def stacks() -> Iterator[tuple[str, Stack]]:
    """Every stack that is shipped, and on each kind of target one that uses all there is."""
    for file in sorted(resources.files("infra_specs").joinpath("stacks").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            yield file.name, _as_installed(load(file.read_text(encoding="utf-8")))
    for name, target in _TARGETS.items():
        services = {"web": _WEB, "wiki": {**_WIKI, "secrets": "files"}, "work": _WORKER}
        whole = {"name": "shop", "target": target, "services": services, "needs": _NEEDS, "tls": _TLS}
        yield f"{name}, everything", _as_installed(from_data({**whole, "trust_proxies": ["10.0.0.0/8"]}))
        worker = {"name": "jobs", "target": target, "services": {"work": _WORKER}}
        yield f"{name}, a worker", _as_installed(from_data(worker))


def _as_installed(stack: Stack) -> Stack:
    """As the ledger of an earlier version has it, which knew no entrypoints."""
    services = {
        name: service.model_copy(update={"entrypoint": IMAGES_OWN_ENTRYPOINT}) if service.image else service
        for name, service in stack.services.items()
    }
    return stack.model_copy(update={"services": services})


def resources_of(stack: Stack) -> tuple[Resource, ...]:
    """All that is made of a stack, with the jobs of a release."""
    made = desired_state(stack, size(stack), counts={"web": 4}, secrets=SECRETS, source="/home/shop", images=IMAGES)
    jobs = before_jobs(stack, source="/home/shop", secrets=SECRETS, images=IMAGES, code={}, release=7)
    return (*made, *jobs)


def told(resource: Resource) -> dict[str, Any]:
    """Everything of a resource, as JSON data."""
    return {
        "address": resource.address,
        "kind": resource.kind,
        "settings": canonical(resource.settings),
        "digests": dict(resource.digests),
        "mutable": list(resource.mutable),
        "after": list(resource.dependencies),
        "durable": resource.stateful,
        "exclusive": resource.singleton,
        "drain_seconds": resource.drain_seconds,
    }


def marks() -> dict[str, dict[str, str]]:
    """Stack -> address -> its fingerprint and a hash of all the rest, in order."""
    return {
        name: {
            resource.address: f"{resource.fingerprint} "
            + hashlib.sha256(json.dumps(told(resource)).encode()).hexdigest()[:12]
            for resource in resources_of(stack)
        }
        for name, stack in stacks()
    }
