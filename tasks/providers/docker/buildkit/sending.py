"""A folder as BuildKit asks for it (`fsutil`): first what there is, then the contents that it wants.

Packets have a type (field 1), a file's description (2), the number of a file (3) and data (4). Files are numbered as
they were described. The receiver asks for a file by number (REQ), is sent its data and an empty packet, and says FIN.
"""

import stat
from collections import deque
from collections.abc import Iterator
from typing import IO, Protocol

from tasks.providers.docker.buildkit.wire import BrokenMessage, field, fields

_DESCRIBE, _REQUEST, _DATA, _END, _ERROR = range(5)
CHUNK_BYTES = 32 * 1024
_GO_BITS = ((stat.S_ISUID, 1 << 23), (stat.S_ISGID, 1 << 22), (stat.S_ISVTX, 1 << 20))
_GO_FOLDER, _GO_LINK = 1 << 31, 1 << 27


class Unreadable(Exception):
    """A file that was there before is gone, or closed to this account: which, and why."""


class File(Protocol):
    """What is sent: a file, a folder or a link. `mode` is the system's, `changed` in nanoseconds since the epoch."""

    @property
    def name(self) -> str:
        """Its path, from the folder that is sent."""

    @property
    def mode(self) -> int: ...

    @property
    def size(self) -> int: ...

    @property
    def changed(self) -> int: ...

    @property
    def link(self) -> str: ...

    def open(self) -> IO[bytes]:
        """Its content. Raises OSError."""


class Sending:
    """One transfer. It is fed what the receiver says and asked for what to send, as long as the receiver takes it."""

    def __init__(self, files: Iterator[File]) -> None:
        self._files: list[File] = []
        self._wanted: deque[int] = deque()
        self._descriptions = self._described(files)
        self._data: Iterator[bytes] = iter(())
        self.ended = False

    def heard(self, packet: bytes) -> None:
        """A packet of the receiver. Raises BrokenMessage for one that is none, or that says that it failed."""
        message = dict(fields(packet))
        kind = message.get(1, 0)
        if kind == _REQUEST:
            number = message.get(3, 0)
            if not isinstance(number, int) or number >= len(self._files):
                raise BrokenMessage(f"a request for a file {number!r}")
            self._wanted.append(number)
        elif kind == _END:
            self.ended = True
        elif kind == _ERROR:
            raise BrokenMessage(f"the receiver failed: {message.get(4, b'')!r}")

    def next(self) -> bytes | None:
        """The next packet, or None while there is none. Raises Unreadable."""
        if (packet := next(self._descriptions, None)) is not None:
            return packet
        while (packet := next(self._data, None)) is None:
            if not self._wanted:
                return None
            self._data = self._content(self._wanted.popleft())
        return packet

    @staticmethod
    def end() -> bytes:
        """The answer to the receiver's last packet."""
        return field(1, _END)

    def _described(self, files: Iterator[File]) -> Iterator[bytes]:
        for file in files:
            self._files.append(file)
            yield field(1, _DESCRIBE) + field(2, _description(file))
        yield field(1, _DESCRIBE)

    def _content(self, number: int) -> Iterator[bytes]:
        try:
            with self._files[number].open() as content:
                while data := content.read(CHUNK_BYTES):
                    yield field(1, _DATA) + field(3, number) + field(4, data)
        except OSError as error:
            raise Unreadable(f"{self._files[number].name} cannot be read: {error.strerror or error}") from error
        yield field(1, _DATA) + field(3, number)


def _description(file: File) -> bytes:
    """Owned by root, as everything in an image is unless its Dockerfile says otherwise."""
    mode = stat.S_IMODE(file.mode) & 0o777
    mode |= sum(go for bit, go in _GO_BITS if file.mode & bit)
    mode |= _GO_FOLDER if stat.S_ISDIR(file.mode) else 0
    mode |= _GO_LINK if stat.S_ISLNK(file.mode) else 0
    message = field(1, file.name) + field(2, mode) + field(5, file.size) + field(6, file.changed)
    return message + (field(7, file.link) if file.link else b"")
