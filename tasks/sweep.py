"""What no instance of a stack needs, and no plan names."""

import asyncio

from tasks.providers.base import Sweeps
from tasks.site import Site


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
