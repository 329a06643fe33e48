"""Resolve image names to image ids, since a name may be moved and a release must not change."""

import asyncio
from collections.abc import Iterable

from infra_specs.stackfile.models.stack import Stack
from tasks.run.context import RunContext, current, use
from tasks.run.retry import retryable_task
from tasks.stack.local_images import references


async def resolve_images(context: RunContext, stack: Stack, names: Iterable[str]) -> dict[str, str]:
    """Image id by name. Missing images are pulled, all concurrently.

    Empty for a target that holds no images. Raises ProviderError, with what to do, for an image that cannot be pulled.
    """
    wanted = references(context.provider, stack, names)
    with use(context):
        ids = await asyncio.gather(*(find_image(name) for name in wanted.values()))
    return dict(zip(wanted, ids, strict=True))


@retryable_task("find the image {name}")
async def find_image(name: str) -> str:
    """The id of an image by its name in the engine. Pulls the image if it is missing."""
    images = current().provider.images
    assert images is not None
    image_id = await asyncio.to_thread(images.image_id, name, pull=True)
    assert image_id is not None
    return image_id
