"""Which image each name means now, so that a release holds images and not only names that somebody may move."""

import asyncio
from collections.abc import Iterable

from infra_specs.catalogue.images import image
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Docker
from tasks.providers.base import HoldsImages, Provider
from tasks.run.context import Site, at, site
from tasks.run.retry import effect


async def found_images(place: Site, stack: Stack, names: Iterable[str]) -> dict[str, str]:
    """The id of each image that is named so now, pulled if it is not there; all of them at once.

    A target that holds no images has none. Raises ProviderError, with what to do, for one that cannot be had.
    """
    where = _where(place.provider, stack, names)
    with at(place):
        ids = await asyncio.gather(*(find_image(name) for name in where.values()))
    return dict(zip(where, ids, strict=True))


def known_images(provider: Provider, stack: Stack, names: Iterable[str]) -> dict[str, str]:
    """The same of those that are there. Changes nothing."""
    if not isinstance(provider, HoldsImages):
        return {}
    found = {name: provider.image_id(at, pull=False) for name, at in _where(provider, stack, names).items()}
    return {name: id for name, id in found.items() if id is not None}


@effect("find the image {name}")
async def find_image(name: str) -> str:
    """The id of an image by its name in the engine, pulled if need be."""
    provider = site().provider
    assert isinstance(provider, HoldsImages)
    found = await asyncio.to_thread(provider.image_id, name, pull=True)
    assert found is not None
    return found


def _where(provider: Provider, stack: Stack, names: Iterable[str]) -> dict[str, str]:
    """Where each is taken from, by name."""
    target = stack.target
    if not isinstance(provider, HoldsImages) or not isinstance(target, Docker):
        return {}
    return {name: image(target, name) for name in sorted(names)}
