"""An instance as JSON labels, on a process or in a record beside what has no process, and back."""

from collections.abc import Mapping
from typing import Any

from infra_specs.plan.instance import Health, Instance
from infra_specs.plan.resource import Resource, canonical
from tasks.clock import now


def labels_of(resource: Resource, incarnation: int, outputs: Mapping[str, str]) -> dict[str, Any]:
    """Everything of an instance but its health. No setting is among them, so no secret either."""
    return {
        "stack": resource.stack,
        "address": resource.address,
        "kind": resource.kind,
        "fingerprint": resource.fingerprint,
        "incarnation": incarnation,
        "digests": dict(resource.digests),
        "bindings": dict(resource.bindings),
        "outputs": dict(outputs),
        "after": list(resource.after),
        "durable": resource.durable,
        "drain_seconds": resource.drain_seconds,
    }


def instance_of(labels: Mapping[str, Any], health: Health) -> Instance:
    """The instance that was labelled."""
    return Instance(
        stack=labels["stack"],
        address=labels["address"],
        kind=labels["kind"],
        fingerprint=labels["fingerprint"],
        incarnation=labels["incarnation"],
        health=health,
        digests=labels["digests"],
        bindings=labels["bindings"],
        outputs=labels["outputs"],
        after=tuple(labels["after"]),
        durable=labels["durable"],
        drain_seconds=labels["drain_seconds"],
    )


def record_of(resource: Resource, incarnation: int, outputs: Mapping[str, str]) -> dict[str, Any]:
    """What stands beside a thing without a process: its labels, its settings, and since when they are so."""
    return {
        "labels": labels_of(resource, incarnation, outputs),
        "settings": canonical(dict(resource.settings)),
        "since": now(),
    }


def name_of(address: str, incarnation: int) -> str:
    """The name of a process: `replica/web-0#2`."""
    return f"{address}#{incarnation}"
