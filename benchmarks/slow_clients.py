"""Real requests beside 2 000 clients that hold a connection and do as little as they can.

python -m benchmarks.slow_clients [COUNT]

A proxy and a replica of the local target on loopback. A third of the clients asks once and stays, a third sends half of
its headers, a third a body of a byte a second, which may take 30 s. Real clients send 50 requests a second meanwhile,
each with a connection of its own.

held         connections that are open at once, when all slow clients are there
closed       seconds after which the proxy closed a connection of this kind: the first and the last
open         connections of this kind that were open at the end of the 90 s
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import load
from tests.tasks.providers.local.world import made, opened, pid, replica, route, trusting

COUNT = 2000
RATE = 50.0
UPLOAD_SECONDS = 30.0
ALONE_SECONDS = 20.0
HELD_SECONDS = 90.0
BATCH = 50
"""Connections that are opened at a time: a proxy's queue of new ones is short."""

Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Kind:
    """Slow clients of one kind, and how long each held its connection."""

    name: str
    act: Act
    closed: list[float] = field(default_factory=list)
    count: int = 0

    async def client(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self.count += 1
        began = time.perf_counter()
        with suppress(OSError, EOFError):
            await self.act(reader, writer)
        self.closed.append(time.perf_counter() - began)
        writer.close()

    def __str__(self) -> str:
        held = f"closed after {min(self.closed):.1f} to {max(self.closed):.1f} s" if self.closed else "none closed"
        return f"{self.name:<14} {self.count:>5} clients, {held}, {self.count - len(self.closed)} open"


async def _ask_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.read()


async def _half_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    await reader.read()


async def _slow_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
    answered = asyncio.create_task(reader.read())
    while not answered.done():
        writer.write(b"x")
        await asyncio.wait([answered], timeout=1)
    answered.result()


async def _hold(port: int, count: int, kinds: list[Kind], process: int) -> None:
    clients = set[asyncio.Task[None]]()
    for number in range(count):
        clients.add(asyncio.create_task(kinds[number % len(kinds)].client(port)))
        if number % BATCH == 0:
            await asyncio.sleep(0.02)
    while sum(kind.count for kind in kinds) < count:
        await asyncio.sleep(0.05)
    files = len(list(Path(f"/proc/{process}/fd").iterdir()))
    print(
        f"held: {sum(kind.count - len(kind.closed) for kind in kinds)}; the proxy: {files} files, {_memory(process)} MB"
    )
    await asyncio.wait(clients, timeout=HELD_SECONDS)
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)


def _memory(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


@contextmanager
def _proxy() -> Iterator[tuple[int, int]]:
    """The port and the process of a proxy with one replica."""
    with opened() as provider:
        door = made(provider, trusting(upload=UPLOAD_SECONDS))
        made(provider, route(made(provider, replica())))
        yield int(door.outputs["port"]), pid(provider._home, door)


def main(count: int) -> None:
    """Print both sides."""
    kinds = [Kind("asked once", _ask_once), Kind("half headers", _half_headers), Kind("slow body", _slow_body)]
    with _proxy() as (port, process):
        url = f"http://127.0.0.1:{port}/"
        print(f"the proxy at rest: {_memory(process)} MB")
        with load(url, RATE, new=True) as alone:
            time.sleep(ALONE_SECONDS)
        print(f"alone: {alone[0]}")
        with load(url, RATE, new=True) as beside:
            asyncio.run(_hold(port, count, kinds, process))
        print(f"beside {count} slow clients: {beside[0]}")
    for kind in kinds:
        print(kind)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
