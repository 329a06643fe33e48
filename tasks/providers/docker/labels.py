"""The labels by which a thing in the engine is ours, and its name. What is not labelled is not ours.

An instance's labels hold everything that is known of it but its health. No setting is among them, so no secret either;
a route's settings, which are a record in a label, have none.
"""

import json
from collections.abc import Mapping
from typing import Any

from infra_specs.resources.address import Address
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers import labels as records

_prefix = "tenfold."
stack_label = f"{_prefix}stack"
part_label = f"{_prefix}part"
"""What a thing is to its stack: `instance`, or a part that is none: `note`, `network`, `files`, `proxy`."""
probe_label = f"{_prefix}probe"
record_label = f"{_prefix}record"
revision_label = f"{_prefix}revision"
fault_label = f"{_prefix}fault"
"""Of a note: why what it is about was stopped."""
_fields = ("address", "kind", "fingerprint", "incarnation", "digests", "bindings", "outputs", "after", "durable")
_texts = ("stack", "address", "kind", "fingerprint")

Labels = dict[str, str]


def part_of(stack: str, part: str) -> Labels:
    """The labels of a part that is no instance."""
    return {stack_label: stack, part_label: part}


def labels_of(resource: Resource, incarnation: int, outputs: Mapping[str, str]) -> Labels:
    """The labels of an instance."""
    found = records.labels_of(resource, incarnation, outputs)
    texts = {name: value if name in _texts else json.dumps(value, sort_keys=True) for name, value in found.items()}
    return {f"{_prefix}{name}": value for name, value in texts.items()} | {part_label: "instance"}


def known_by(labels: Mapping[str, str]) -> dict[str, Any]:
    """The same as data, as `records.instance_of` reads it."""
    own = {name.removeprefix(_prefix): value for name, value in labels.items() if name.startswith(_prefix)}
    with records.readable(own):
        return {
            name: value if name in _texts else json.loads(value)
            for name, value in own.items()
            if name in (*_fields, "stack", "drain_seconds")
        }


def instance_of(labels: Mapping[str, str], health: Health) -> Instance:
    """The instance that was labelled."""
    return records.instance_of(known_by(labels), health)


def is_instance(labels: Mapping[str, str]) -> bool:
    """Whether the labels are those of an instance and not of a part beside one."""
    return labels.get(part_label) == "instance"


def key_of(labels: Mapping[str, str]) -> tuple[str, int]:
    """Which instance it is, or belongs to, in its stack: address and incarnation. Raises ProviderError."""
    with records.readable({"address": labels.get(f"{_prefix}address")}):
        return str(Address.parse(labels[f"{_prefix}address"])), int(labels[f"{_prefix}incarnation"])


def with_fault(labels: Mapping[str, str], why: str) -> Labels:
    """What of the labels is ours, and why it was stopped."""
    return {name: value for name, value in labels.items() if name.startswith(_prefix)} | {fault_label: why}


def probe_of(labels: Mapping[str, str]) -> dict[str, Any] | None:
    """How a container is asked whether it is well; None if it can only be looked at."""
    text = labels.get(probe_label)
    with records.readable({"address": labels.get(f"{_prefix}address")}):
        found: dict[str, Any] | None = json.loads(text) if text else None
    return found


def only(stack: str | None = None) -> dict[str, list[str]]:
    """The engine's filter for what is ours, or one stack's."""
    return {"label": [stack_label if stack is None else f"{stack_label}={stack}"]}


def name_of(stack: str, address: str = "", incarnation: int = 0, part: str = "") -> str:
    """`tenfold.shop.replica.web-0.1`: dots separate, for no name of ours holds one."""
    words = ("tenfold", stack, host_of(address) if address else "", str(incarnation or ""), part)
    return ".".join(word for word in words if word)


def host_of(address: str) -> str:
    """The name by which others in the stack's network reach an address, whatever its incarnation: `database.main`."""
    return Address.parse(address).joined(".")


def is_of_route(key: tuple[str, int]) -> bool:
    """Whether a key is that of a route."""
    return Address.parse(key[0]).kind == "route"
