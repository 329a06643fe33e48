"""Probe a process once. Each probe returns nothing, or raises `ProbeFailed` or `CannotAsk` with the reason."""

import asyncio
import os
import pwd
import signal
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from tasks.base.http_status import status_line
from tasks.base.need_protocols import postgres_fault, postgres_question, valkey_fault, valkey_question
from tasks.base.own_lack import is_own_lack
from tasks.supervisor.folder import short
from tasks.supervisor.launch import CannotStart
from tasks.supervisor.peer import is_trusted
from tasks.supervisor.port_owner import PortOwner
from tasks.supervisor.process import Probe, Process
from tasks.supervisor.running import describe_exit
from tasks.supervisor.spawn import spawn


class ProbeFailed(Exception):
    """A probe failed; the message says how. `silent`: nothing answered for as long as it may take."""

    def __init__(self, message: str, *, silent: bool = False) -> None:
        super().__init__(message)
        self.silent = silent


class CannotAsk(Exception):
    """A probe could not be tried, which says nothing of the process."""


async def ask(process: Process, probe: Probe, owner: PortOwner) -> None:
    """Probe once, within `probe.timeout`. An answer of another program on its port is none. CannotAsk: nobody asked."""
    try:
        async with asyncio.timeout(probe.timeout):
            await _ASK[probe.kind](process, probe)
        if probe.port and (fault := owner.fault()):
            raise ProbeFailed(fault)
    except TimeoutError:
        why = f"no answer to its {probe.kind} probe within {probe.timeout:g} s"
        raise ProbeFailed(why, silent=True) from None
    except OSError as error:
        if is_own_lack(error):
            raise CannotAsk(error.strerror) from error
        raise ProbeFailed(f"{_place(probe)}: {os.strerror(error.errno) if error.errno else error}") from error
    except CannotStart as error:
        raise ProbeFailed(f"its probe {error}") from error


async def _tcp(_process: Process, probe: Probe) -> None:
    with await _connected(probe.port):
        pass


async def _http(_process: Process, probe: Probe) -> None:
    with await _connected(probe.port) as connection:
        await _get(connection, probe.path, f"127.0.0.1:{probe.port}", _place(probe))


async def _socket(process: Process, probe: Probe) -> None:
    with socket.socket(socket.AF_UNIX) as connection, short(Path(probe.path)) as path:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, path)
        if not is_trusted(connection, *([pwd.getpwnam(process.user).pw_uid] if process.user else [])):
            raise ProbeFailed(f"{probe.path}: another account listens there")
        await _get(connection, "/ready", "localhost", _place(probe))


async def _get(connection: socket.socket, path: str, host: str, place: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    answer = await _exchange(connection, request.encode(), lambda answer: b"\r\n" in answer)
    if answer.split(b"\r\n", 1)[0].decode("latin-1").split(" ")[1:2] != ["200"]:
        raise ProbeFailed(f"{place} answered {status_line(answer)}")


async def _postgres(_process: Process, probe: Probe) -> None:
    with await _connected(probe.port) as connection:
        question = postgres_question(probe.user, probe.database)
        _refuse(postgres_fault(await _exchange(connection, question, bool)))


async def _valkey(_process: Process, probe: Probe) -> None:
    with await _connected(probe.port) as connection:
        question = valkey_question(probe.user)
        answer = await _exchange(connection, question, lambda answer: answer.count(b"\n") >= question.count(b"\n"))
        _refuse(valkey_fault(answer))


async def _exchange(connection: socket.socket, question: bytes, is_whole: Callable[[bytes], bool]) -> bytes:
    """Ask, and read until the answer is whole, or as much as there is."""
    loop, answer = asyncio.get_running_loop(), b""
    await loop.sock_sendall(connection, question)
    while not is_whole(answer) and (more := await loop.sock_recv(connection, 4096)):
        answer += more
    return answer


def _refuse(fault: str) -> None:
    if fault:
        raise ProbeFailed(fault)


async def _command(process: Process, probe: Probe) -> None:
    running = spawn(process, probe.command, None)
    try:
        code = await asyncio.shield(running.ended)
    finally:
        running.send(signal.SIGKILL, group=True)
    if code:
        raise ProbeFailed(f"its probe {probe.command[0]} {describe_exit(code)}")


async def _connected(port: int) -> socket.socket:
    connection = socket.socket()
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        _refuse_itself(connection, port)
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_itself(connection: socket.socket, port: int) -> None:
    """A port that nobody serves may be given to the very connection that asks for it, which then meets itself."""
    if connection.getsockname() == connection.getpeername():
        # Reset rather than closed: the port must be free at once for the process that is to serve it.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ProbeFailed(f"port {port}: nobody listens")


def _place(probe: Probe) -> str:
    return probe.path if probe.kind == "socket" else f"port {probe.port}{probe.path if probe.kind == 'http' else ''}"


_ASK = {
    "tcp": _tcp,
    "http": _http,
    "socket": _socket,
    "command": _command,
    "postgres": _postgres,
    "valkey": _valkey,
}
