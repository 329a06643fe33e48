"""A channel as a socket whose answers are read through a buffer, and which gives what that buffer still holds.

An answer of an engine that becomes a stream may bring the first bytes of that stream with it. Paramiko's own file keeps
them, and who then reads the channel never sees them.
"""

import io
from typing import Any


class ChannelSocket:
    """What http.client and docker-py need of a socket. Close it after use."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._reader: _Reader | None = None

    def makefile(self, *_: Any) -> "_Reader":
        """The buffer that this channel is read through; `recv` takes from it from now on."""
        self._reader = _Reader(self, self._channel)
        return self._reader

    def recv(self, count: int) -> bytes:
        """At most so many bytes; none at the end. Raises TimeoutError, as a socket does."""
        if self._reader is not None and not self._reader.closed:
            return self._reader.read1(count)
        data: bytes = self._channel.recv(count)
        return data

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        self._channel.sendall(data)

    def shutdown(self, how: int) -> None:
        """End reading or writing, as of a socket."""
        self._channel.shutdown(how)

    def settimeout(self, seconds: float | None) -> None:
        """Of each read and write."""
        self._channel.settimeout(seconds)

    def setblocking(self, flag: bool) -> None:
        """As of a socket."""
        self._channel.setblocking(flag)

    def fileno(self) -> int:
        """It can be read once this can. What is in the buffer already does not show there."""
        number: int = self._channel.fileno()
        return number

    def close(self) -> None:
        """Nobody reads or writes any more."""
        self._channel.close()


class _Reader(io.BufferedReader):
    """The buffer. `channel` is where docker-py looks for the socket of a stream."""

    def __init__(self, socket: ChannelSocket, channel: Any) -> None:
        super().__init__(_Raw(channel))
        self.channel = socket


class _Raw(io.RawIOBase):
    """The bytes of a channel. Its end closes nothing: the channel serves the next request."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        try:
            data = self._channel.recv(len(buffer))
        except TimeoutError:
            if self._channel.gettimeout() == 0.0:  # it does not block, and there is nothing yet
                return None
            raise
        buffer[: len(data)] = data
        return len(data)
