"""The price book: what one thing costs a month, by target, kind and size."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import yaml

from infra_specs.resources.resource import Resource
from infra_specs.resources.services import COPY_KINDS, service_of
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Target
from infra_specs.stackfile.reading.yaml_nodes import FAST_LOADER

GIGABYTE = 2**30


@dataclass(frozen=True, slots=True)
class ResourceSize:
    """How large one thing is, in bytes and processor cores; None is unknown, or does not apply."""

    memory: int | None = None
    storage: int | None = None
    cpus: float | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """USD a month of one thing: a fixed part, and a part for each gigabyte or core of its size."""

    each: float = 0.0
    memory_gb: float = 0.0
    storage_gb: float = 0.0
    cpu: float = 0.0

    def price(self, size: ResourceSize) -> float | None:
        """USD a month of one thing of this size; None if a size that costs something is unknown."""
        total = self.each
        for rate, amount in (
            (self.memory_gb / GIGABYTE, size.memory),
            (self.storage_gb / GIGABYTE, size.storage),
            (self.cpu, size.cpus),
        ):
            if rate and amount is None:
                return None
            if rate and amount:
                total += rate * amount
        return total


@dataclass(frozen=True, slots=True)
class Book:
    """The rates of one target. A kind without a rate has an unknown price, which is never 0."""

    source: str
    rates: Mapping[str, Rate]

    def price(self, kind: str, size: ResourceSize) -> float | None:
        """USD a month of one thing; None is unknown."""
        return self.rates[kind].price(size) if kind in self.rates else None


def book_of(target: Target) -> Book:
    """The rates of a target. Of one without a page none is known; its own price per replica replaces the book's."""
    book = _books().get(target.provider) or _books()["other"]
    if target.price_per_replica is None:
        return book
    return replace(book, rates={**book.rates, **dict.fromkeys(COPY_KINDS, Rate(target.price_per_replica))})


def size_of(stack: Stack, resource: Resource) -> ResourceSize:
    """The size of one thing that a resource is: for a service, of one copy."""
    service = service_of(resource.address)
    if service is not None:
        return copy_size(stack.services[service])
    settings = resource.settings
    return ResourceSize(_whole(settings.get("memory")), _whole(settings.get("size")))


def copy_size(service: Service) -> ResourceSize:
    """The size of one copy of a service."""
    return ResourceSize(memory=service.memory, cpus=service.cpus)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


@cache
def _books() -> dict[str, Book]:
    text = resources.files("infra_specs.pricing").joinpath("book.yaml").read_text()
    table = yaml.load(text, FAST_LOADER)  # noqa: S506 - a safe one, in C
    return {provider: read(page) for provider, page in table.items()}


def read(page: Mapping[str, Any]) -> Book:
    """One target's page: `prices` has for each kind a number, or `{each, memory_gb, storage_gb, cpu}`."""
    rates = {kind: Rate(**rate) if isinstance(rate, Mapping) else Rate(rate) for kind, rate in page["prices"].items()}
    return Book(f"{page['source']} ({page['date']})", rates)
