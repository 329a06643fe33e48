"""The session of a build: a connection on which BuildKit asks us, by gRPC, for the files and logins that it needs.

We are the server of that connection. BuildKit asks for two folders by name: `context`, which we have filtered already,
and `dockerfile`, so that a Dockerfile that its own `.dockerignore` names is in no image.
"""

import secrets
import select
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from docker.api.client import APIClient
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import H2Error

from tasks.providers.docker.buildkit.sending import File, Sending, Unreadable
from tasks.providers.docker.buildkit.wire import BrokenMessage, field, texts

_COPY = "/moby.filesync.v1.FileSync/DiffCopy"
_LOGIN = "/moby.filesync.v1.Auth/Credentials"
_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = field(1, 1)
_OK, _UNKNOWN, _UNIMPLEMENTED = 0, 2, 12
PACKETS_AT_ONCE = 16
"""Before BuildKit is listened to again: half a megabyte at most."""
_IGNORE_FILE_ONLY = [".dockerignore"]

Login = Callable[[str], tuple[str, str]]
"""The account and password for a registry's host; two empty texts for none."""


class Session:
    """One connection, answered by a thread of its own until the end of the block."""

    def __init__(self, api: APIClient, folders: Mapping[str, Iterable[File]], login: Login) -> None:
        """Raises APIError if the engine has no such thing."""
        self.id = secrets.token_hex(16)
        self.error: Unreadable | None = None
        """A file that could not be read: why the build failed then."""
        self._folders, self._login = folders, login
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "h2c",
            "X-Docker-Expose-Session-Uuid": self.id,
            "X-Docker-Expose-Session-Name": "tenfold",
            # Its own for each build: BuildKit would take a file of the same size and time for unchanged.
            "X-Docker-Expose-Session-Sharedkey": self.id,
            "X-Docker-Expose-Session-Grpc-Method": _COPY,
        }
        answer = api._post(api._url("/session"), headers=headers, stream=True)  # type: ignore[attr-defined]
        raw: Any = api._get_raw_response_socket(answer)  # type: ignore[attr-defined]
        # What docker-py returns for a Unix socket only reads, and what came with the answer is in its buffer.
        self._answer, self._reader = answer, answer.raw._fp.fp
        self._socket: Any = getattr(raw, "_sock", raw)
        self._socket.settimeout(None)
        self._http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._calls: dict[int, _Call] = {}
        self._thread = threading.Thread(target=self._serve, name="buildkit session", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._socket.shutdown(2)
        self._thread.join()
        self._answer.close()

    def _serve(self) -> None:
        """Until the connection ends, from whichever side."""
        # A connection that is closed meanwhile is how each of them ends.
        with suppress(OSError, H2Error, ValueError):
            self._http.initiate_connection()
            self._socket.sendall(self._http.data_to_send())
            more = False
            while True:
                if not more or self._has_heard():
                    data = self._reader.read1(65536)
                    events = self._http.receive_data(data) if data else [ConnectionTerminated()]
                    if any(isinstance(event, ConnectionTerminated) for event in events):
                        return
                    for event in events:
                        self._on(event)
                more = self._send()

    def _has_heard(self) -> bool:
        """Whether something can be read at once: by TLS already, or from the system."""
        pending = getattr(self._socket, "pending", None)
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(pending and pending()) or bool(poll.poll(0))

    def _on(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._calls[event.stream_id] = _Call(event.headers)
        elif isinstance(event, DataReceived):
            self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if call := self._calls.get(event.stream_id):
                call.received += event.data
        elif isinstance(event, StreamEnded):
            if call := self._calls.get(event.stream_id):
                call.asked = True
        elif isinstance(event, StreamReset):
            self._calls.pop(event.stream_id, None)

    def _send(self) -> bool:
        """A part of what the receiver has room for, and whether there is more.

        Not all at once: BuildKit ends a session that does not answer in time that it is well.
        """
        more = False
        for number, call in list(self._calls.items()):
            try:
                more |= self._answer_to(number, call)
            except Unreadable as error:
                self.error = error
                self._end(number, call, _UNKNOWN, "a file could not be read")
            except BrokenMessage as error:
                self._end(number, call, _UNKNOWN, str(error))
        self._socket.sendall(self._http.data_to_send())
        return more

    def _answer_to(self, number: int, call: "_Call") -> bool:
        """Whether there is more of the answer than was sent, and room for it."""
        if call.ending is not None:
            self._end(number, call, _OK)
            return False
        if call.path == _COPY:
            return self._copied(number, call)
        if call.path == _HEALTH:
            call.to_send += _framed(_SERVING)
            self._end(number, call, _OK)
        elif call.path == _LOGIN:
            if call.asked:
                account, password = self._login(texts(call.message() or b"").get(1, ""))
                call.to_send += _framed(field(1, account) + field(2, password))
                self._end(number, call, _OK)
        else:
            self._end(number, call, _UNIMPLEMENTED, "not offered")
        return False

    def _copied(self, number: int, call: "_Call") -> bool:
        if call.sending is None:
            name = call.headers.get("dir-name", [""])[0]
            alone = name == "context" and _IGNORE_FILE_ONLY in (
                call.headers.get("followpaths"), call.headers.get("include-patterns")
            )  # fmt: skip
            call.sending = Sending(iter(() if alone else self._folders.get(name, ())))
        while (packet := call.message()) is not None:
            call.sending.heard(packet)
        more = True
        for _ in range(PACKETS_AT_ONCE):
            packet = call.sending.next() if self._flushed(number, call) else None
            if packet is None:
                more = False
                break
            call.to_send += _framed(packet)
        if call.sending.ended:
            call.to_send += _framed(Sending.end())
            self._end(number, call, _OK)
            return False
        return more

    def _flushed(self, number: int, call: "_Call") -> bool:
        """Whether all that is to be sent could be."""
        self._begin(number, call)
        while call.to_send:
            room = min(self._http.local_flow_control_window(number), self._http.max_outbound_frame_size)
            if room <= 0:
                return False
            self._http.send_data(number, bytes(call.to_send[:room]))
            del call.to_send[:room]
            self._socket.sendall(self._http.data_to_send())
        return True

    def _begin(self, number: int, call: "_Call") -> None:
        if not call.begun:
            call.begun = True
            self._http.send_headers(number, [(":status", "200"), ("content-type", "application/grpc")])

    def _end(self, number: int, call: "_Call", status: int, why: str = "") -> None:
        """Now, or when there is room for what is left to send."""
        if call.ending is None:
            call.ending = [("grpc-status", str(status)), *([("grpc-message", why)] if why else [])]
        if self._flushed(number, call):
            self._http.send_headers(number, call.ending, end_stream=True)
            del self._calls[number]


class _Call:
    """A call of BuildKit's, and how far it is."""

    def __init__(self, headers: Iterable[tuple[Any, Any]]) -> None:
        self.headers: dict[str, list[str]] = {}
        for name, value in headers:
            self.headers.setdefault(str(name), []).append(str(value))
        self.path = self.headers.get(":path", [""])[0]
        self.received, self.to_send = bytearray(), bytearray()
        self.begun = self.asked = False
        self.sending: Sending | None = None
        self.ending: list[tuple[str, str]] | None = None
        """What is said last, once that is known."""

    def message(self) -> bytes | None:
        """The next whole message that came. Raises BrokenMessage for a compressed one, which nobody offered."""
        if len(self.received) < 5:
            return None
        compressed, length = struct.unpack(">?L", self.received[:5])
        if compressed:
            raise BrokenMessage("a compressed message")
        if len(self.received) < 5 + length:
            return None
        message = bytes(self.received[5 : 5 + length])
        del self.received[: 5 + length]
        return message


def _framed(message: bytes) -> bytes:
    return struct.pack(">?L", False, len(message)) + message
