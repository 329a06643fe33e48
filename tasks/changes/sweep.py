"""What no instance of a stack needs, and no plan names."""

import asyncio

from tasks.providers.base import Sweeps
from tasks.run.context import Site, site
from tasks.run.retry import effect


async def sweep(place: Site) -> None:
    """Leave nothing behind that no instance of the stack needs, on targets where that can be."""
    provider = place.provider
    if not isinstance(provider, Sweeps):
        return
    sweeps = provider

    def fenced() -> None:
        place.ledger.check(place.hold)
        sweeps.sweep(place.stack)

    await asyncio.to_thread(fenced)


@effect("sweep what is left")
async def sweep_here() -> None:
    """The same of the run's own stack, tried again where the target does not answer."""
    await sweep(site())
