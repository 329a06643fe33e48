"""Resolve image names to image ids, since a name may be moved and a release must not change."""

import asyncio
from collections.abc import Iterable

from infra_specs.catalogue.images import sources
from infra_specs.stackfile.models.stack import Stack
from tasks.providers.seam.provider import KindProvider
from tasks.run.context import RunContext, current, use
from tasks.run.retry import retryable_task


async def resolve_images(context: RunContext, stack: Stack, names: Iterable[str]) -> dict[str, str]:
    """Image id by name. Missing images are pulled, all concurrently.

    Empty for a target that holds no images. Raises ProviderError, with what to do, for an image that cannot be pulled.
    """
    references = _references(context.provider, stack, names)
    with use(context):
        ids = await asyncio.gather(*(find_image(name) for name in references.values()))
    return dict(zip(references, ids, strict=True))


def local_images(provider: KindProvider, stack: Stack, names: Iterable[str]) -> dict[str, str]:
    """Image id by name, of the images that the target has already. Pulls nothing."""
    if (images := provider.images) is None:
        return {}
    ids = {
        name: images.image_id(reference, pull=False) for name, reference in _references(provider, stack, names).items()
    }
    return {name: id for name, id in ids.items() if id is not None}


@retryable_task("find the image {name}")
async def find_image(name: str) -> str:
    """The id of an image by its name in the engine. Pulls the image if it is missing."""
    images = current().provider.images
    assert images is not None
    image_id = await asyncio.to_thread(images.image_id, name, pull=True)
    assert image_id is not None
    return image_id


def _references(provider: KindProvider, stack: Stack, names: Iterable[str]) -> dict[str, str]:
    """Registry reference by image name."""
    return sources(stack.target, names) if provider.images else {}
