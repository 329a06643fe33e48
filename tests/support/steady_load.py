"""A steady load over HTTPS while something changes: requests at a rate, and WebSockets that stay open and talk."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

CONNECTIONS = 10
FRESH_EVERY = 20
"""Of the requests of a connection, after which it is closed and opened anew."""
PATIENCE = 30.0
_UPGRADE = (
    "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@dataclass
class Met:
    """What clients met."""

    answered: int = 0
    echoed: int = 0
    failed: list[str] = field(default_factory=list)


@dataclass
class _Clients:
    port: int
    host: str
    context: ssl.SSLContext
    met: Met = field(default_factory=Met)
    done: threading.Event = field(default_factory=threading.Event)

    async def all(self, per_second: float, sockets: int) -> None:
        pause = CONNECTIONS / per_second
        requests = (self._told(self._requests(pause)) for _ in range(CONNECTIONS))
        await asyncio.gather(*requests, *(self._told(self._socket()) for _ in range(sockets)))

    async def _told(self, client: Coroutine[Any, Any, None]) -> None:
        try:
            await client
        except (OSError, EOFError, ValueError, TimeoutError, ssl.SSLError) as error:
            self.met.failed.append(repr(error))

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.context, server_hostname=self.host)

    async def _requests(self, pause: float) -> None:
        """A request each `pause`, whenever the one before was answered; nothing is tried again."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self.done.is_set():
            reader, writer = await self._open()
            for _ in range(FRESH_EVERY):
                writer.write(f"GET / HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
                head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)).decode().lower()
                if " 200 " not in head.splitlines()[0]:
                    raise ValueError(head.splitlines()[0])
                length = int(head.partition("content-length: ")[2].split("\r\n")[0])
                await reader.readexactly(length)
                self.met.answered += 1
                due = max(due + pause, loop.time())
                await asyncio.sleep(due - loop.time())
                if self.done.is_set() or "connection: close" in head:
                    break
            writer.close()

    async def _socket(self) -> None:
        reader, writer = await self._open()
        writer.write(_UPGRADE.format(self.host).encode())
        if not (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101"):
            raise ValueError("no WebSocket")
        for _ in range(2):  # what the app says by itself
            await self._frame(reader)
        while not self.done.is_set():
            writer.write(b"\x81\x84\0\0\0\0ping")
            if await asyncio.wait_for(self._frame(reader), PATIENCE) != b"ping":
                raise ValueError("no echo")
            self.met.echoed += 1
            await asyncio.sleep(0.5)
        writer.close()

    async def _frame(self, reader: asyncio.StreamReader) -> bytes:
        length = (await reader.readexactly(2))[1]
        if length == 126:
            length = int.from_bytes(await reader.readexactly(2), "big")
        return await reader.readexactly(length)


@contextmanager
def steady_load(port: int, host: str, root: str, *, per_second: float, sockets: int) -> Iterator[Met]:
    """Clients at work until the block ends. The certificate must be good for the host; loopback is asked."""
    clients = _Clients(port, host, ssl.create_default_context(cadata=root))
    thread = threading.Thread(target=lambda: asyncio.run(clients.all(per_second, sockets)))
    thread.start()
    try:
        yield clients.met
    finally:
        clients.done.set()
        thread.join()
