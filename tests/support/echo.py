"""An HTTP app that answers with what it was sent, byte for byte: `python echo.py` listens at PORT.

It speaks HTTP/1.1 by itself, for no server of the standard library keeps a request as it came. Every request is
answered with JSON: method, target, version, headers in their order, the body's length and hash, trailers, the app's
NAME, and how many requests of this target it has read. The header X-Told says the same in base64.

    /healthz                 200
    /slow?SECONDS            answers after so long
    /stream?SECONDS          begins an answer, is silent for so long, and ends it
    any with `Upgrade: websocket`   101; says `first`, is silent for ?SECONDS, says `second`, and echoes what comes
    /late                    an answer that ends with its connection
"""

import base64
import hashlib
import json
import os
import socketserver
import time
from collections import Counter
from typing import Any

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LONGEST = 1 << 20
LONGEST_TOLD = 1_000
counts: Counter[str] = Counter()


class Request:
    """One request, read whole."""

    def __init__(self, stream: Any) -> None:
        line = stream.readline(LONGEST)
        if line == b"\r\n":  # as RFC 9112 asks of a server
            line = stream.readline(LONGEST)
        line = line.decode("latin-1").rstrip("\r\n")
        self.method, _, rest = line.partition(" ")
        self.target, _, self.version = rest.rpartition(" ")
        self.headers = _fields(stream) if line else []
        self.body, self.trailers = b"", []
        if "chunked" in self.header("transfer-encoding").lower():
            while size := int(stream.readline(LONGEST).partition(b";")[0], 16):
                self.body += stream.read(size)
                stream.readline(LONGEST)
            self.trailers = _fields(stream)
        elif length := int(self.header("content-length") or 0):
            self.body = stream.read(length)

    def header(self, name: str) -> str:
        return ",".join(value for key, value in self.headers if key.lower() == name)

    def told(self) -> dict[str, Any]:
        """All of it; a value that is too long to be told in a header by its length and hash."""
        return {
            "method": self.method,
            "target": _short(self.target),
            "version": self.version,
            "headers": [[name, _short(value)] for name, value in self.headers],
            "length": len(self.body),
            "hash": hashlib.sha256(self.body).hexdigest(),
            "trailers": self.trailers,
            "name": os.environ.get("NAME", ""),
            "count": counts[self.target],
        }


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TOLD else f"{len(text)} of {hashlib.sha256(text.encode()).hexdigest()}"


def _fields(stream: Any) -> list[list[str]]:
    fields = []
    while line := stream.readline(LONGEST).decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        fields.append([name, value.strip(" \t")])
    return fields


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while self._answered():
            pass

    def _answered(self) -> bool:
        request = Request(self.rfile)
        if not request.method:
            return False
        counts[request.target] += 1
        path, _, query = request.target.partition("?")
        if request.header("expect").lower() == "100-continue":
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if request.header("upgrade").lower() == "websocket":
            self._websocket(request, float(query or 0))
            return False
        if path.endswith("/slow"):
            time.sleep(float(query))
        if path.endswith("/stream"):
            self._send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            time.sleep(float(query))
            self._send(b"6\r\nsecond\r\n0\r\n\r\n")
            return True
        body = json.dumps(request.told()).encode()
        kind = b"Content-Type: application/json\r\nX-Told: %b\r\n" % base64.b64encode(body)
        if path.endswith("/late"):
            self._send(b"HTTP/1.0 200 OK\r\n%b\r\n%b" % (kind, body))
            return False
        is_kept = request.header("connection").lower() == "keep-alive"
        kept = b"Connection: keep-alive\r\n" if is_kept and request.version == "HTTP/1.0" else b""
        head = b"HTTP/1.1 200 OK\r\n%b%bContent-Length: %d\r\n\r\n" % (kind, kept, len(body))
        self._send(head if request.method == "HEAD" else head + body)
        return is_kept if request.version == "HTTP/1.0" else request.header("connection").lower() != "close"

    def _websocket(self, request: Request, seconds: float) -> None:
        key = hashlib.sha1((request.header("sec-websocket-key") + GUID).encode()).digest()
        accept = base64.b64encode(key).decode()
        self._send(
            f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        self._frame(json.dumps(request.told()).encode())
        time.sleep(seconds)
        self._frame(b"second")
        while frame := self._read_frame():
            self._frame(frame)

    def _frame(self, data: bytes) -> None:
        length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big")
        self._send(b"\x81" + length + data)

    def _read_frame(self) -> bytes:
        """The data of a short frame of text; nothing for any other, or at the end."""
        head = self.rfile.read(2)
        if len(head) < 2 or head[0] != 0x81 or head[1] & 0x7F > 125:
            return b""
        mask, data = self.rfile.read(4), self.rfile.read(head[1] & 0x7F)
        return bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Not a word: clients that leave early are part of it."""


if __name__ == "__main__":
    Server((os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])), Handler).serve_forever()
