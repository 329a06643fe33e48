"""An app that takes its time, of the standard library alone: short answers, long ones, and WebSockets.

GET and POST / say its NAME; GET /stream?5 sends a line every 0.1 s for 5 s; a WebSocket at /ws is greeted with its NAME
and kept. At SIGTERM it accepts nobody more, says goodbye to its WebSockets (a close frame, 1001), finishes what it has
begun to answer, and ends.
"""

import asyncio
import base64
import hashlib
import os
import signal

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
sockets: set[asyncio.StreamWriter] = set()
busy: set[asyncio.Task[None]] = set()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, request after request."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            path, _, query = head[0].split()[1].partition("?")
            task = asyncio.create_task(respond(path, query, body, headers, reader, writer))
            busy.add(task)
            task.add_done_callback(busy.discard)
            await task
    except (EOFError, ConnectionError):
        writer.close()


async def respond(
    path: str,
    query: str,
    body: bytes,
    headers: dict[str, str],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    name = os.environ.get("NAME", "")
    if path == "/ws":
        await keep(headers["sec-websocket-key"], name, reader, writer)
    elif path == "/stream":
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(int(float(query) * 10)):
            line = f"{name} {number}\n".encode()
            writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0.1)
        writer.write(b"0\r\n\r\n")
    else:
        text = f"{name} {len(body)}".encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
    await writer.drain()


async def keep(key: str, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A WebSocket until its client leaves. The key came in small letters, which only a test's client may send."""
    accept = base64.b64encode(hashlib.sha1((key + _MAGIC).encode()).digest()).decode()
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        + bytes([0x81, len(name)])
        + name.encode()
    )
    sockets.add(writer)
    try:
        while await reader.read(1000):
            pass
    finally:
        sockets.discard(writer)
        writer.close()


async def serve() -> None:
    """Until SIGTERM, and then to the end of what was begun."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = await asyncio.start_server(answer, os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"]))
    await ended.wait()
    server.close()
    for connection in sockets:
        connection.write(bytes([0x88, 2]) + (1001).to_bytes(2, "big"))
        connection.write_eof()
    if busy:
        await asyncio.wait(busy, timeout=9)


if __name__ == "__main__":
    asyncio.run(serve())
