"""A change of a stack's file, weighed: what it costs, what it touches, and for how long something is away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra_specs.catalogue.desired import desired_state, generated_secrets
from infra_specs.errors import PlanError, SpecError
from infra_specs.pricing.price import Price, price, usd
from infra_specs.resources.resource import Resource
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.secrets import named_secrets
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data

RESTART_KINDS = ("database", "cache", "queue", "proxy")
"""Kinds of which there is one, which is away while it is made anew."""
RESTART_SECONDS = 30
"""For how long, at most as a rule: PostgreSQL ends what is under way and reads its log."""


@dataclass(frozen=True, slots=True)
class ProposedChange:
    """A change of the file and what comes of it. Prices in USD a month; None is unknown."""

    change: Mapping[str, Any]
    """What the file says from then on, as nested keys: `{"users": {"monthly": 500000}}`."""
    price: float | None
    price_then: float | None
    design_price: float | None
    design_price_then: float | None
    touches: tuple[str, ...]
    """Addresses of what is made anew or changed in place."""
    downtime: str

    @property
    def keys(self) -> str:
        """`users.monthly: 500000`."""
        return ", ".join(f"{name}: {value}" for name, value in sorted(flattened(self.change).items()))

    def __str__(self) -> str:
        touched = ", ".join(self.touches) or "nothing that runs"
        today, design = _cost(self.price, self.price_then), _cost(self.design_price, self.design_price_then)
        return f"set {self.keys}; {today} today and {design} at the design capacity; touches {touched}; {self.downtime}"


def with_change(stack: Stack, change: Mapping[str, Any]) -> Stack:
    """The stack with some of its file's keys changed. Raises SpecError for a change that cannot be."""
    return from_data(deep_merge(stack.model_dump(mode="json", by_alias=True), change), stack.name)


def propose_change(stack: Stack, change: Mapping[str, Any], counts: Mapping[str, int]) -> ProposedChange:
    """Weigh a change for a stack that has these replicas now. Raises SpecError for one that cannot be."""
    changed_stack = with_change(stack, change)
    before, resources_now = _desired(stack, counts)
    after, resources_then = _desired(changed_stack, counts)
    fingerprints = {resource.address: resource.fingerprint for resource in resources_now}
    touched = [
        resource
        for resource in resources_then
        if fingerprints.get(resource.address, resource.fingerprint) != resource.fingerprint
    ]
    restarted = sorted({resource.kind for resource in touched} & set(RESTART_KINDS))
    downtime = f"up to {RESTART_SECONDS} s without the {' and the '.join(restarted)}" if restarted else "no downtime"
    touches = tuple(resource.address for resource in touched)
    return ProposedChange(change, before.today, after.today, before.design, after.design, touches, downtime)


def possible_change(stack: Stack, change: Mapping[str, Any], counts: Mapping[str, int]) -> ProposedChange | None:
    """As `propose_change`; None for one that the file cannot say, or that no stack can be."""
    try:
        return propose_change(stack, change, counts)
    except (SpecError, PlanError):
        return None


def flattened(change: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Values by their whole path: `{"users.monthly": 500000}`."""
    values: dict[str, Any] = {}
    for key, value in change.items():
        values |= flattened(value, f"{path}{key}.") if isinstance(value, Mapping) else {f"{path}{key}": value}
    return values


def _desired(stack: Stack, counts: Mapping[str, int]) -> tuple[Price, tuple[Resource, ...]]:
    sizing = size(stack)
    # Neither price nor fingerprint of anything here depends on a secret's value, and its version stays as it is.
    secrets = dict.fromkeys((*named_secrets(stack), *generated_secrets(stack)), 1)
    resources = desired_state(stack, sizing, counts=counts, secrets=secrets, source="/")
    return price(stack, sizing, resources), resources


def deep_merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Nested keys over others; where both have a value the new one's."""
    values = dict(old)
    for key, value in new.items():
        inner = values.get(key)
        values[key] = deep_merge(inner, value) if isinstance(value, Mapping) and isinstance(inner, Mapping) else value
    return values


def _cost(before: float | None, after: float | None) -> str:
    return f"{usd(before)} to {usd(after)} a month" if before != after else f"{usd(after)} a month as before"
