"""Which sockets listen on a port of loopback, and which processes hold them, as Linux says it."""

import functools
import os
import pwd
import socket
import struct
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ASK = struct.Struct("=IHHII BBBxI HH16s16s12x")
"""A netlink header; family, protocol, extensions and states that are asked for; ports and addresses."""
_HEADER = struct.Struct("=IHHII")
_ANSWER = struct.Struct("=BBBx HH16s16s12x IIIII")
_SOCK_DIAG, _BY_FAMILY, _REQUEST_DUMP, _ERROR, _DONE = 4, 20, 0x301, 2, 3
_LISTEN = 1 << 10
_SECONDS = 2.0

_NOWHERE, _MAPPED, _LOOPBACK = b"\0" * 16, b"\0" * 10 + b"\xff\xff\x7f\0\0\x01", b"\x7f\0\0\x01" + b"\0" * 12
_RANKS = {
    (socket.AF_INET, _LOOPBACK): 0,
    (socket.AF_INET6, _MAPPED): 0,
    (socket.AF_INET, _NOWHERE): 1,
    (socket.AF_INET6, _NOWHERE): 2,
}
"""Addresses that take a connection to 127.0.0.1; the kernel prefers the lowest rank."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A listening socket: its number in the kernel, the account that made it, and whether it has every address."""

    inode: int
    uid: int
    everywhere: bool = False


def listening(port: int) -> tuple[Listening, ...]:
    """The sockets that may take a connection to 127.0.0.1 and that port; several where they share it.

    Asked by sock_diag(7): /proc/net/tcp takes 8 ms on a machine with much memory, this a hundredth. OSError where
    the kernel has it not.
    """
    ranked: dict[int, list[Listening]] = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as kernel:
        kernel.settimeout(_SECONDS)
        for family in (socket.AF_INET, socket.AF_INET6):
            kernel.sendto(_question(family, port), (0, 0))
            for rank, at, entry in _answers(kernel):
                if rank is not None and at == port:
                    ranked.setdefault(rank, []).append(entry)
    return tuple(ranked[min(ranked)]) if ranked else ()


def ports_of(pids: Iterable[int]) -> tuple[int, ...]:
    """The ports that these processes listen on, at whatever address, in order. OSError as `listening`."""
    ports: dict[int, int] = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as kernel:
        kernel.settimeout(_SECONDS)
        for family in (socket.AF_INET, socket.AF_INET6):
            kernel.sendto(_question(family, 0), (0, 0))
            ports |= {entry.inode: at for _, at, entry in _answers(kernel)}
    return tuple(sorted({ports[inode] for pid in pids for inode in held(pid, ports)}))


def is_everywhere(port: int) -> bool:
    """Whether what takes connections to 127.0.0.1 and that port has every address; False if nobody can tell."""
    with suppress(OSError):
        return can_tell() and any(entry.everywhere for entry in listening(port))
    return False


def _question(family: int, port: int) -> bytes:
    fields = (family, socket.IPPROTO_TCP, 0, _LISTEN, socket.htons(port), 0, b"", b"")
    return _ASK.pack(_ASK.size, _BY_FAMILY, _REQUEST_DUMP, 0, 0, *fields)


def _answers(kernel: socket.socket) -> Iterator[tuple[int | None, int, Listening]]:
    """Of each socket: how the kernel prefers its address for loopback, None if never; its port; and the socket."""
    while True:
        data = kernel.recv(64 * 1024)
        while data:
            length, kind, *_rest = _HEADER.unpack_from(data)
            if kind == _ERROR:
                number = -struct.unpack_from("=i", data, _HEADER.size)[0]
                raise OSError(number, os.strerror(number))
            if kind == _DONE:
                return
            family, _, _, local_port, _, address, _, *_counts, uid, inode = _ANSWER.unpack_from(data, _HEADER.size)
            entry = Listening(inode, uid, everywhere=address == _NOWHERE)
            yield _RANKS.get((family, address)), socket.ntohs(local_port), entry
            data = data[(length + 3) & ~3 :]


@functools.cache
def can_tell() -> bool:
    """Whether this system says who listens: only Linux does, and not in every sandbox."""
    if sys.platform != "linux":
        return False
    with socket.create_server(("127.0.0.1", 0)) as server:
        inode = os.fstat(server.fileno()).st_ino
        try:
            inodes = {entry.inode for entry in listening(server.getsockname()[1])}
            return inodes == {inode} and inode in held(os.getpid(), inodes)
        except OSError:
            return False


def held(pid: int, inodes: Collection[int]) -> set[int]:
    """Those of the sockets that a process has open; PermissionError if that is not for us to see."""
    names = {f"socket:[{inode}]": inode for inode in inodes}
    found: set[int] = set()
    with suppress(FileNotFoundError, ProcessLookupError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if (inode := names.get(os.readlink(entry.path))) is not None:  # noqa: PTH115 - ten times faster
                    found.add(inode)
    return found


def accounts(pid: int) -> set[int]:
    """The accounts that a process acts as; none if it is gone."""
    with suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{pid}/status", encoding="utf-8") as lines:  # noqa: PTH123
        return next((set(map(int, line.split()[1:])) for line in lines if line.startswith("Uid:")), set())
    return set()


def pids() -> Iterator[int]:
    """Every process that this system shows us."""
    return (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - names alone are enough


def holder(entry: Listening) -> str:
    """Who has a socket, for a sentence: `pid 12, python3`, or the account that made it."""
    for pid in pids():
        with suppress(OSError):
            if held(pid, {entry.inode}):
                return f"pid {pid}, {Path(f'/proc/{pid}/comm').read_text().strip()}"
    try:
        return f"of the account {pwd.getpwuid(entry.uid).pw_name}"
    except KeyError:
        return f"of the account {entry.uid}"
