"""One question to a container: is it well? What is sent, and what the answer means, apart from how it gets there."""

import base64
import errno
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from docker.errors import APIError

from tasks.base.http_status import status_line
from tasks.base.need_protocols import (
    postgres_fault,
    postgres_question,
    postgres_starts,
    valkey_fault,
    valkey_question,
    valkey_starts,
)
from tasks.base.own_lack import is_own_lack
from tasks.providers.docker.engine.client import Engine

PROBE_SECONDS = 1.0
"""How long an answer may take."""
_ANSWER_BYTES = 512
_TIMEOUT_EXIT_CODE = 124
"""What timeout(1) ends with if it had to end its command."""
# One read takes what is there, as a `recv` does; most services say one thing and then wait.
_EXCHANGE_SCRIPT = (
    'exec 3<>"/dev/tcp/$0/$1" && printf %s "$2" | base64 -d >&3 && { [ "$3" = 0 ] || dd bs="$3" count=1 <&3; }'
)


class ProbeFailed(Exception):
    """It did not answer as it should; the message says how.

    `silent`: nothing answered within the time. `starting`: it answered that it loads or recovers.
    """

    def __init__(self, message: str, *, silent: bool = False, starting: bool = False) -> None:
        super().__init__(message)
        self.silent, self.starting = silent, starting


class CannotAsk(Exception):
    """It could not be asked, which says nothing of it; the message says why."""


Question = tuple[bytes, Callable[[bytes], None]]
"""What is sent, and what raises ProbeFailed for an answer that is none; nothing sent asks for a connection alone."""
_NOBODYS_REQUEST = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
"""Without a host it is for no app: a proxy refuses it by itself. One with too many clients closes: it lives, too."""


def ask(address: str, probe: Mapping[str, Any]) -> None:
    """Ask directly, over the network that this machine shares with the container. Raises ProbeFailed, CannotAsk."""
    ask_over(lambda: socket.create_connection((address, probe["port"]), timeout=PROBE_SECONDS), probe)


def ask_over(connect: Callable[[], Any], probe: Mapping[str, Any]) -> None:
    """Ask over a connection of one's own, which works as a socket does. Raises ProbeFailed, CannotAsk."""
    sent, judge = _question(probe)
    try:
        with closing(connect()) as connection:
            connection.settimeout(PROBE_SECONDS)
            answer = _answer(connection, sent, probe["kind"]) if sent else b""
    except TimeoutError:
        raise ProbeFailed(f"port {probe['port']}: no answer within {PROBE_SECONDS:g} s", silent=True) from None
    except OSError as error:
        if is_own_lack(error):
            raise CannotAsk(error.strerror) from error
        raise ProbeFailed(f"port {probe['port']}: {error.strerror or error}") from error
    judge(answer)


def _answer(connection: Any, sent: bytes, kind: str) -> bytes:
    answer, lines = b"", sent.count(b"\n") if kind == "valkey" else 1
    try:
        connection.sendall(sent)
        while len(answer) < _ANSWER_BYTES and answer.count(b"\n") < lines and (more := connection.recv(_ANSWER_BYTES)):
            answer += more
            if kind == "postgres":
                break
    except (ConnectionResetError, BrokenPipeError):
        if kind != "proxy":  # one with HTTPS alone closes before it has read what it takes for no handshake
            raise
    return answer


def ask_through(api: Engine, container: str, address: str, probe: Mapping[str, Any]) -> None:
    """Ask from inside a container that has bash, where the engine's networks are out of reach. Raises ProbeFailed."""
    sent, judge = _question(probe)
    words = [address, str(probe["port"]), base64.b64encode(sent).decode(), str(_ANSWER_BYTES if sent else 0)]
    try:
        command = ["timeout", str(PROBE_SECONDS + 1), "bash", "-c", _EXCHANGE_SCRIPT, *words]
        code, output, errors = api.run(container, command)
    except APIError as error:
        raise ProbeFailed(f"could not be asked: {error.explanation}") from error
    answers = bool(sent) and probe["kind"] != "proxy"  # a proxy may close: one with HTTPS does, and lives
    if not output and (code or answers):
        why = errors.decode(errors="replace").partition("\n")[0].rpartition(": ")[2]
        if probe["kind"] == "proxy" and why == os.strerror(errno.ECONNRESET):
            return
        raise ProbeFailed(f"port {probe['port']}: {why or 'no answer'}", silent=code == _TIMEOUT_EXIT_CODE)
    judge(output)


def _question(probe: Mapping[str, Any]) -> Question:
    match probe["kind"]:
        case "http":
            where = f"port {probe['port']}{probe['path']}"
            head = f"GET {probe['path']} HTTP/1.1\r\nHost: 127.0.0.1:{probe['port']}\r\nConnection: close\r\n\r\n"
            return head.encode(), lambda answer: _http(answer, where)
        case "postgres":
            return postgres_question(probe["user"], probe["name"]), _judge(postgres_fault, postgres_starts)
        case "valkey":
            return valkey_question(probe.get("user", "")), _judge(valkey_fault, valkey_starts)
        case "proxy":
            return _NOBODYS_REQUEST, lambda _answer: None
    return b"", lambda _answer: None


def _http(answer: bytes, where: str) -> None:
    line = answer.split(b"\r\n", 1)[0].decode("latin-1")
    if line.split(" ")[1:2] != ["200"]:
        raise ProbeFailed(f"{where} answered {status_line(answer)}")


def _judge(fault_of: Callable[[bytes], str], starts: Callable[[bytes], bool]) -> Callable[[bytes], None]:
    def judge(answer: bytes) -> None:
        if fault := fault_of(answer):
            raise ProbeFailed(fault, starting=starts(answer))

    return judge
