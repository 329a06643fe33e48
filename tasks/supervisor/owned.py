"""A live program under an owner: it has ended once everything that it started has."""

import asyncio
import os
import signal
from contextlib import suppress

from tasks.supervisor.identity import Identity, identify, is_stopped
from tasks.supervisor.mark import kill_marked
from tasks.supervisor.owner import CLEAN
from tasks.supervisor.running import Running, open_process

_OWNER_SECONDS = 12.0
"""An owner that needs longer cannot end the rest: it gives up after ten."""
_REST_SECONDS = 10.0
_POLL_SECONDS = 0.005
_LONGEST_RESULT = 4096


class Owned(Running):
    """`ended` resolves when the program, its owner and all that it started are gone."""

    def __init__(
        self, identity: Identity, owner: Identity | None, descriptor: int | None, result: int | None, mark: str
    ) -> None:
        self._owner = owner
        self._result = result
        self._mark = mark
        self._settling: asyncio.Task[None] | None = None
        super().__init__(identity, child=False, descriptor=descriptor)

    @classmethod
    def started(
        cls, identity: Identity, owner: Identity | None, descriptor: int | None, result: int, mark: str
    ) -> "Owned":
        """One that the launcher has just forked, held by `descriptor`; its owner writes to `result` how it ended."""
        return cls(identity, owner, descriptor, result, mark)

    @classmethod
    def adopt_owned(cls, identity: Identity, owner: Identity | None, mark: str) -> "Owned | None":
        """One that an earlier supervisor started; None if it has ended. `end_rest` ends what it left."""
        descriptor = _open(identity.pid)
        # Compared only after it is held: from here on the pid cannot come to mean another.
        if identify(identity.pid) == identity:
            return cls(identity, owner, descriptor, None, mark)
        if descriptor is not None:
            os.close(descriptor)
        return None

    def _leader_ended(self) -> None:
        self._close()
        self._settling = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        code = None
        try:
            await owner_gone(self._owner)
            code, is_clean = self._read_result()
            if not is_clean:
                await end_rest(None, self._mark)
        finally:
            self.ended.set_result(code)

    def _read_result(self) -> tuple[int | None, bool]:
        """How it ended, if its owner lived to tell, and whether nothing is left."""
        if self._result is None:
            return None, False
        os.set_blocking(self._result, False)
        text = b""
        with suppress(BlockingIOError):
            text = os.read(self._result, _LONGEST_RESULT)
        os.close(self._result)
        self._result = None
        code, _, rest = text.decode().partition("\n")
        return int(code) if code else None, rest.strip() == CLEAN


async def owner_gone(owner: Identity | None) -> None:
    """Wait until an owner has ended; one that takes too long is killed."""
    if owner is None:
        return
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _OWNER_SECONDS
    while identify(owner.pid) == owner:  # no event tells it without a descriptor for each
        if loop.time() >= deadline or is_stopped(owner.pid):
            with suppress(ProcessLookupError):
                os.kill(owner.pid, signal.SIGKILL)
        await asyncio.sleep(_POLL_SECONDS)


async def end_rest(owner: Identity | None, mark: str) -> list[int]:
    """End what a program left that has ended; the pids of what cannot be ended."""
    await owner_gone(owner)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _REST_SECONDS
    while (left := kill_marked(mark)) and loop.time() < deadline:  # noqa: ASYNC110 - no event tells it
        await asyncio.sleep(_POLL_SECONDS)
    return left


def _open(pid: int) -> int | None:
    with suppress(ProcessLookupError):
        return open_process(pid)
    return None
