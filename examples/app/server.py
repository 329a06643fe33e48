"""A small HTTP server that goes quietly: nothing that it has accepted is lost when it is told to stop."""

import contextlib
import select
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

largest_body = 65_536


class Server(socketserver.ThreadingTCPServer):
    """One thread a connection."""

    allow_reuse_address = True
    request_queue_size = 512
    daemon_threads = False
    block_on_close = True

    def __init__(self, address: tuple[str, int], handler: type["Handler"]) -> None:
        super().__init__(address, handler)
        # A client that has gone before it was accepted must not leave us waiting in accept().
        self.socket.setblocking(False)
        self.stopping = False
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
            if self.stopping:
                _read_no_more(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def stop(self) -> None:
        """Stop accepting, answer every request that has arrived, and return when the last is answered."""
        self.shutdown()
        for _ in range(self.request_queue_size):  # bounded: under load more would come for as long as it looks
            if not select.select([self.socket], [], [], 0)[0]:
                break
            self._handle_request_noblock()  # it was connected, and waited to be accepted
        self.socket.close()
        with self._lock:
            self.stopping = True
            for connection in self._open:
                _read_no_more(connection)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):  # the client went: nothing to report
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Reads a request whole and writes an answer whole."""

    protocol_version = "HTTP/1.1"
    server_version = "tenfold-example"
    sys_version = ""
    server: Server
    wbufsize = -1  # one packet an answer
    timeout = (
        3700  # longer than a proxy's usual hour: let the proxy close idle connections, or it may meet a closing one
    )

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.server.closed(self.connection)

    def discard_body(self) -> bool:
        """Read past a request's body; False if it is too long or of unknown length, and the connection must end."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > largest_body:
            self.close_connection = True
            return False
        self.rfile.read(int(length))
        return True

    def send(self, code: int, kind: str, body: str, headers: dict[str, str] | None = None) -> None:
        data = body.encode()
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if self.server.stopping:
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the proxy logs requests, and a line for each would hide what matters."""


def _read_no_more(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed by the other side meanwhile
        connection.shutdown(socket.SHUT_RD)  # what has arrived can still be read, then comes the end
