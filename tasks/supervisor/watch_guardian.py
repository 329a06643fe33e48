"""A supervisor notices that its guardian is gone or hangs, and takes its place."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from tasks.supervisor.line import ASK_SECONDS, Line


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


async def ask_guardian(line: Line, guardian: int) -> None:
    """Answer the guardian and ask it, for as long as it is there. One that hangs is killed, which others then see."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        line.read()
        if not line.is_open:
            loop.remove_reader(line.descriptor)

    loop.add_reader(line.descriptor, read)
    while line.is_open:
        line.ask()
        if line.is_hang():
            print(f"the guardian (pid {guardian}) does not answer and is killed", flush=True)
            with suppress(ProcessLookupError):
                os.kill(guardian, signal.SIGKILL)
            return
        await asyncio.sleep(ASK_SECONDS / 2)
