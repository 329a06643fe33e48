"""Descriptors of open sockets that outlive the process that opened them: they wait as a message in a socket pair.

The guardian makes the pair and never reads it. A supervisor writes all its descriptors into it as one message and
the next supervisor reads them back. A kill at any point leaves a message with every descriptor in the pair.
"""

import os
import socket
import sys
from array import array
from collections.abc import Iterable

LARGEST = 120
"""Sockets that may be stored: two messages with different ones fit into a single one."""
_KERNEL_LARGEST = 253
"""Descriptors that Linux allows in one message; an earlier version stored 200."""
_GENERATION_BYTES = 8
_PEEK = socket.MSG_PEEK if sys.platform == "linux" else 0
"""Elsewhere a peeked descriptor is not usable: a message is taken and written again."""
_CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class DescriptorStore:
    """The descriptors that the last `save` stored. Takes over both ends of a socket pair (AF_UNIX, datagrams)."""

    def __init__(self, ends: tuple[int, int]) -> None:
        self._write, self._read = (socket.socket(fileno=end) for end in ends)
        for end in (self._write, self._read):
            end.setblocking(False)

    def load(self) -> list[int]:
        """A new descriptor, not inheritable, for each socket that is stored. They stay stored."""
        own = os.urandom(_GENERATION_BYTES)
        loaded: dict[tuple[int, int], int] = {}
        while True:
            generation, descriptors = self._first()
            if generation in (b"", own):
                _close(descriptors)
                break
            _add(loaded, descriptors)
            # Written again before the older message is dropped: no moment without a stored copy.
            self._send(own, loaded.values())
            if _PEEK:
                self._read.recv(_GENERATION_BYTES)
        if loaded:
            # One message remains, so that what was cut off never adds up.
            self.save(loaded.values())
        return list(loaded.values())

    def save(self, descriptors: Iterable[int]) -> None:
        """Store these and forget all others. OSError if the kernel refuses; the older ones are stored then."""
        generation = os.urandom(_GENERATION_BYTES)
        self._send(generation, descriptors)
        while self._read.recv(_GENERATION_BYTES, socket.MSG_PEEK) != generation:
            # Read without room for its descriptors: the kernel closes them.
            self._read.recv(_GENERATION_BYTES)

    def _send(self, generation: bytes, descriptors: Iterable[int]) -> None:
        distinct = array("i", dict.fromkeys(descriptors))
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, distinct)] if distinct else []
        self._write.sendmsg([generation], rights)

    def _first(self) -> tuple[bytes, list[int]]:
        # Not `socket.recv_fds`, which ignores its flags.
        try:
            generation, rights, _flags, _address = self._read.recvmsg(
                _GENERATION_BYTES, socket.CMSG_LEN(_KERNEL_LARGEST * array("i").itemsize), _PEEK | _CLOSE_ON_EXEC
            )
        except BlockingIOError:
            return b"", []
        descriptors = array("i")
        for _level, _type, data in rights:
            descriptors.frombytes(data)
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        return generation, descriptors.tolist()


def _add(loaded: dict[tuple[int, int], int], descriptors: Iterable[int]) -> None:
    """A second descriptor of the same socket is closed: two messages that follow one another share most."""
    for descriptor in descriptors:
        status = os.fstat(descriptor)
        if loaded.setdefault((status.st_dev, status.st_ino), descriptor) != descriptor:
            os.close(descriptor)


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
