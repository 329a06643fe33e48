"""An instance as JSON labels, on a process or in a record beside what has no process, and back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.address import Address
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource, canonical
from tasks.base.clock import now


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
        "durable": resource.stateful,
        "drain_seconds": resource.drain_seconds,
    }


def instance_of(labels: Mapping[str, Any], health: Health) -> Instance:
    """The instance that was labelled. Raises ProviderError for labels that are not ours any more."""
    with readable(labels):
        return Instance(
            stack=labels["stack"],
            address=str(Address.parse(labels["address"])),
            kind=labels["kind"],
            fingerprint=labels["fingerprint"],
            incarnation=int(labels["incarnation"]),
            health=health,
            digests=dict(labels["digests"]),
            bindings=dict(labels["bindings"]),
            outputs=dict(labels["outputs"]),
            after=tuple(labels["after"]),
            stateful=labels["durable"],
            drain_seconds=labels["drain_seconds"],
        )


@contextmanager
def readable(labels: object) -> Iterator[None]:
    """What is kept beside a thing is read in this block. Raises ProviderError where it is not what was written."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        address = labels.get("address") if isinstance(labels, Mapping) else None
        raise ProviderError(
            f"what is recorded of {address or 'an instance'} is broken ({type(error).__name__}: {error}). Put back a "
            "copy of the record, or remove it."
        ) from error


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
