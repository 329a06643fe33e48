"""Build the images of services that have a `build`. This happens before planning: a plan names image ids."""

import asyncio
from collections.abc import Iterable

from prefect.logging import get_run_logger

from infra_specs.app_text.reader import AppText
from infra_specs.stackfile.models.stack import Stack
from tasks.base.known_secrets import known_secrets
from tasks.providers.seam.builds import BuildRequest
from tasks.providers.seam.parts import Images
from tasks.run.context import RunContext, current, use
from tasks.run.fence import fenced
from tasks.run.retry import retryable_task
from tasks.stack.preview_builds import build_requests, with_images


async def with_built_images(context: RunContext, stack: Stack, source: str) -> Stack:
    """The stack with a built image for every service that has a `build`. All images are built concurrently.

    `source` is the folder that relative paths of the spec start at. The stack is unchanged where the target builds no
    images. Raises ProviderError with the step that failed and its last lines.
    """
    requests = build_requests(stack, source)
    if not requests or context.provider.images is None:
        return stack
    await _warn(context.provider.images, requests.values())
    with use(context):
        ids = await asyncio.gather(*(build(request) for request in requests.values()))
    return with_images(stack, dict(zip(requests, ids, strict=True)))


async def _warn(images: Images, requests: Iterable[BuildRequest]) -> None:
    """Write each build warning to the run's log, where whoever follows the run sees it."""
    log = get_run_logger()
    for request in requests:
        if warning := await asyncio.to_thread(images.build_warning, request):
            log.warning("%s", warning)


@retryable_task("build {request.service} of {request.stack}")
async def build(request: BuildRequest) -> str:
    """Build the image of one service and return its id. The build steps go to the run's log."""
    context, log, reader = current(), get_run_logger(), AppText(lambda: known_secrets.redaction)
    images = context.provider.images
    assert images is not None

    def write(lines: list[str]) -> None:
        for line in lines:
            log.info("%s", line)

    def steps() -> str:
        try:
            return images.build(request, lambda line: write(reader.take(f"{line}\n")))
        finally:
            write(reader.end())

    return await fenced(context, steps)


async def remove_built_images(context: RunContext) -> None:
    """Remove every image that was built for the stack and that no container uses."""
    if images := context.provider.images:
        held = images
        await fenced(context, lambda: held.forget_built(context.stack))
