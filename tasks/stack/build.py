"""The images of services that say how theirs is made: built before a plan is, for a plan names what runs."""

import asyncio
from collections.abc import Iterable

from prefect.logging import get_run_logger

from infra_specs.redaction import Stream
from infra_specs.stackfile.models.stack import Stack
from tasks.base.known_secrets import known
from tasks.providers.base import BuildOrder, Builds
from tasks.run.context import Site, at, site
from tasks.run.retry import effect
from tasks.stack.preview_builds import orders_of, with_images


async def built(place: Site, stack: Stack, source: str) -> Stack:
    """The stack with the image of every service that has a build, made if need be, all of them at once.

    `source` is the folder that the spec's relative paths start at. A target that makes no images leaves it as it is.
    Raises ProviderError with the step that failed and its last lines.
    """
    orders = orders_of(stack, source)
    if not orders or not isinstance(place.provider, Builds):
        return stack
    await _warn(place.provider, orders.values())
    with at(place):
        ids = await asyncio.gather(*(build(order) for order in orders.values()))
    return with_images(stack, dict(zip(orders, ids, strict=True)))


async def _warn(provider: Builds, orders: Iterable[BuildOrder]) -> None:
    """In the run's own log, which is where a person who follows it sees a warning."""
    log = get_run_logger()
    for order in orders:
        if warning := await asyncio.to_thread(provider.build_warning, order):
            log.warning("%s", warning)


@effect("build {order.service} of {order.stack}")
async def build(order: BuildOrder) -> str:
    """The id of the image of one service; its steps are in the run's log."""
    place, log, stream = site(), get_run_logger(), Stream(lambda: known.redaction)
    provider = place.provider
    assert isinstance(provider, Builds)

    def say(told: str) -> None:
        for line in told.splitlines():
            log.info("%s", line)

    def fenced() -> str:
        place.ledger.check(place.hold)
        try:
            return provider.build(order, lambda line: say(stream.take(f"{line}\n")))
        finally:
            say(stream.end())

    return await asyncio.to_thread(fenced)


def forget_built(place: Site) -> None:
    """Remove every image that was built for the stack and that nothing runs from."""
    if isinstance(place.provider, Builds):
        place.ledger.check(place.hold)
        place.provider.forget_built(place.stack)
