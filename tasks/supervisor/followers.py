"""Who follows the processes of a supervisor: each change of a state is told to all of them."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.supervisor.process import Status
from tasks.supervisor.serialization import status_to

MOST_UNREAD = 256
"""Changes that wait for a follower. One that leaves more unread is let go, and begins anew."""
_Waiting = asyncio.Queue[Status | None]


class Followers:
    """The connections of followers, from `follow` until their other ends close them."""

    def __init__(self) -> None:
        self._waiting: set[_Waiting] = set()

    def tell(self, status: Status) -> None:
        """Tell all; never waits."""
        for waiting in tuple(self._waiting):
            if waiting.qsize() >= MOST_UNREAD:
                self._let_go(waiting)
            else:
                waiting.put_nowait(status)

    def end(self) -> None:
        """Let all go."""
        for waiting in tuple(self._waiting):
            self._let_go(waiting)

    async def follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Write a line for each change, after an empty one that says that none is missed from here on."""
        closed = asyncio.create_task(reader.read())  # a follower says nothing more
        try:
            with self._joined() as waiting:
                writer.write(b"\n")
                while status := await _next(waiting, closed):
                    writer.write(json.dumps(status_to(status)).encode() + b"\n")
                    await writer.drain()
        finally:
            closed.cancel()

    @contextmanager
    def _joined(self) -> Iterator[_Waiting]:
        waiting = _Waiting()
        self._waiting.add(waiting)
        try:
            yield waiting
        finally:
            self._waiting.discard(waiting)

    def _let_go(self, waiting: _Waiting) -> None:
        self._waiting.discard(waiting)
        waiting.put_nowait(None)


async def _next(waiting: _Waiting, closed: "asyncio.Task[bytes]") -> Status | None:
    """The next change; None once the follower is to end."""
    change = asyncio.create_task(waiting.get())
    await asyncio.wait({change, closed}, return_when=asyncio.FIRST_COMPLETED)
    if closed.done():
        change.cancel()
        return None
    return change.result()
