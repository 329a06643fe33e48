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
from infra_specs.resources.target_name import DOCKER, target_name
from tasks.providers import labels as records

_PREFIX = "tenfold."
STACK_LABEL = f"{_PREFIX}stack"
PART_LABEL = f"{_PREFIX}part"
"""What a thing is to its stack: `instance`, or a part that is none: `note`, `network`, `files`, `proxy`."""
PROBE_LABEL = f"{_PREFIX}probe"
RECORD_LABEL = f"{_PREFIX}record"
REVISION_LABEL = f"{_PREFIX}revision"
PORTS_LABEL = f"{_PREFIX}ports"
"""Of a part of the proxy: the ports that it has, or had."""
FAULT_LABEL = f"{_PREFIX}fault"
"""Of an annotation: why its instance was stopped."""
_FIELDS = ("address", "kind", "fingerprint", "incarnation", "digests", "bindings", "outputs", "after", "durable")
_TEXT_FIELDS = ("stack", "address", "kind", "fingerprint")

Labels = dict[str, str]


def part_of(stack: str, part: str) -> Labels:
    """The labels of a part that is no instance."""
    return {STACK_LABEL: stack, PART_LABEL: part}


def labels_of(resource: Resource, incarnation: int, outputs: Mapping[str, str]) -> Labels:
    """The labels of an instance."""
    data = records.labels_of(resource, incarnation, outputs)
    texts = {name: value if name in _TEXT_FIELDS else json.dumps(value, sort_keys=True) for name, value in data.items()}
    return {f"{_PREFIX}{name}": value for name, value in texts.items()} | {PART_LABEL: "instance"}


def data_of(labels: Mapping[str, str]) -> dict[str, Any]:
    """The same as data, as `records.instance_of` reads it."""
    own = {name.removeprefix(_PREFIX): value for name, value in labels.items() if name.startswith(_PREFIX)}
    with records.readable(own):
        return {
            name: value if name in _TEXT_FIELDS else json.loads(value)
            for name, value in own.items()
            if name in (*_FIELDS, "stack", "drain_seconds")
        }


def instance_of(labels: Mapping[str, str], health: Health) -> Instance:
    """The instance that was labelled."""
    return records.instance_of(data_of(labels), health)


def is_instance(labels: Mapping[str, str]) -> bool:
    """Whether the labels are those of an instance and not of a part beside one."""
    return labels.get(PART_LABEL) == "instance"


def is_of_kind(labels: Mapping[str, str] | None, kind: str) -> bool:
    """Whether the labels are those of an instance of this kind."""
    return bool(labels) and is_instance(labels or {}) and data_of(labels or {})["kind"] == kind


def key_of(labels: Mapping[str, str]) -> tuple[str, int]:
    """Which instance it is, or belongs to, in its stack: address and incarnation. Raises ProviderError."""
    with records.readable({"address": labels.get(f"{_PREFIX}address")}):
        return str(Address.parse(labels[f"{_PREFIX}address"])), int(labels[f"{_PREFIX}incarnation"])


def with_fault(labels: Mapping[str, str], reason: str) -> Labels:
    """What of the labels is ours, and why it was stopped."""
    return {name: value for name, value in labels.items() if name.startswith(_PREFIX)} | {FAULT_LABEL: reason}


def probe_of(labels: Mapping[str, str]) -> dict[str, Any] | None:
    """How a container is asked whether it is well; None if it can only be looked at."""
    text = labels.get(PROBE_LABEL)
    with records.readable({"address": labels.get(f"{_PREFIX}address")}):
        probe: dict[str, Any] | None = json.loads(text) if text else None
    return probe


def only(stack: str | None = None) -> dict[str, list[str]]:
    """The engine's filter for what is ours, or one stack's."""
    return {"label": [STACK_LABEL if stack is None else f"{STACK_LABEL}={stack}"]}


def name_of(stack: str, address: str = "", incarnation: int = 0, part: str = "") -> str:
    """`tenfold.shop.replica.web-0.1`: dots separate, for no name of ours holds one."""
    name = target_name(stack, address, incarnation or None, DOCKER) if address else f"{DOCKER.prefix}.{stack}"
    return f"{name}.{part}" if part else name


def host_of(address: str) -> str:
    """The name by which others in the stack's network reach an address, whatever its incarnation: `database.main`."""
    return Address.parse(address).joined(".")


def is_of_route(key: tuple[str, int]) -> bool:
    """Whether a key is that of a route."""
    return Address.parse(key[0]).kind == "route"
