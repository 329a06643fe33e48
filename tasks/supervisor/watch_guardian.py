"""A supervisor notices that its guardian is gone, and takes its place."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress


def watch_guardian(guardian: int, take_over: Callable[[], None]) -> None:
    """Call `take_over` once should the guardian die, at once if it has. Call it in the running loop; only on Linux."""
    if sys.platform != "linux":
        return
    loop = asyncio.get_running_loop()

    def lost(descriptor: int) -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        take_over()

    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(guardian)
        # Compared only after it is held: from here on the pid cannot come to mean another.
        if os.getppid() == guardian:
            loop.add_reader(descriptor, lost, descriptor)
            return
        os.close(descriptor)
    take_over()
