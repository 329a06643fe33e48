"""What all kinds on AWS say alike: of a thing that is going, that vanished, or that was never there."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.clock import now
from tasks.providers.aws.errors import is_missing


def ending(instance: Instance, why: str) -> Instance:
    """The instance once it is certain to go: none of its copies serves any more."""
    return replace(instance, health=Health("ending", why, now()), members=())


def vanished(resource: Resource) -> ProviderError:
    """What to raise where AWS does not know a thing that was just made."""
    return ProviderError(f"{resource.address} of stack {resource.stack} vanished while it was made: run it again")


def first_of(listed: Iterator[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The first thing of a list by name; None where AWS says that it has none of this name."""
    try:
        return next(listed, None)
    except ProviderError as error:
        if is_missing(error):
            return None
        raise
