"""What the answer of a container means: that it hangs, that it starts, or that it is not well."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import pytest

from tasks.providers.docker.health import probes
from tasks.providers.docker.health.probes import ProbeFailed, ask, ask_through

pytestmark = pytest.mark.pure
POSTGRES = {"kind": "postgres", "user": "app", "name": "app"}
VALKEY = {"kind": "valkey", "user": "probe"}


@contextmanager
def server(answer: bytes | None) -> Iterator[int]:
    """A port on which somebody answers that once; None: somebody who accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                if answer is None:
                    connection.recv(4096)  # until the other gives up
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("probe", "answer", "silent", "starting"),
    [
        (VALKEY, b"+OK\r\n-LOADING Valkey is loading the dataset in memory\r\n", False, True),
        (VALKEY, b"-LOADING Valkey is loading the dataset in memory\r\n" * 2, False, True),
        (VALKEY, b"+OK\r\n-MISCONF no more writes\r\n", False, False),
        (POSTGRES, b"E\0\0\0\x50SFATAL\0C57P03\0Mthe database system is starting up\0\0", False, True),
        (POSTGRES, b"HTTP/1.1 400 Bad Request\r\n", False, False),
        (VALKEY, None, True, False),
    ],
)
def test_what_an_answer_means(
    probe: dict[str, Any], answer: bytes | None, silent: bool, starting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if answer is None:
        monkeypatch.setattr(probes, "PROBE_SECONDS", 0.1)
    with server(answer) as port, pytest.raises(ProbeFailed) as failure:
        ask("127.0.0.1", {**probe, "port": port})
    assert (failure.value.silent, failure.value.starting) == (silent, starting)


class Asker:
    """An engine in whose container a question was asked, and how that ended."""

    def __init__(self, code: int, output: bytes, errors: bytes = b"0+0 records in\n") -> None:
        self.answer = code, output, errors

    def run(self, container: str, command: list[str]) -> tuple[int, bytes, bytes]:
        return self.answer


@pytest.mark.parametrize(("kind", "code", "is_well"), [("proxy", 0, True), ("proxy", 1, False), ("http", 0, False)])
def test_a_proxy_that_closes_lives_and_an_app_that_does_not_answer(kind: str, code: int, is_well: bool) -> None:
    probe = {"kind": kind, "port": 8080, "path": "/"}
    if is_well:
        ask_through(Asker(code, b""), "c", "127.0.0.1", probe)  # type: ignore[arg-type]
    else:
        with pytest.raises(ProbeFailed):
            ask_through(Asker(code, b""), "c", "127.0.0.1", probe)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "is_well"), [("proxy", True), ("http", False)])
def test_a_proxy_that_resets_a_connection_lives_and_an_app_does_not_answer(kind: str, is_well: bool) -> None:
    """An Envoy with nothing but HTTPS does so: it closes before it has read what it takes for no handshake."""
    probe, words = {"kind": kind, "path": "/"}, b"dd: error reading 'standard input': Connection reset by peer\n"
    judged = nullcontext() if is_well else pytest.raises(ProbeFailed, match="Connection reset by peer")
    with resetting() as port, judged:
        ask("127.0.0.1", {**probe, "port": port})
    with judged:
        ask_through(Asker(1, b"", words), "c", "127.0.0.1", {**probe, "port": 8080})  # type: ignore[arg-type]


def test_a_proxy_that_nobody_listens_for_is_away() -> None:
    with resetting() as port:
        pass
    with pytest.raises(ProbeFailed, match="Connection refused"):
        ask("127.0.0.1", {"kind": "proxy", "port": port})


@contextmanager
def resetting() -> Iterator[int]:
    """A server that takes one connection, and resets it once something was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        serving = threading.Thread(target=serve)
        serving.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        serving.join()


def test_it_is_asked_over_a_connection_of_ones_own() -> None:
    """As a fleet's hosts are: one that cannot be made says why, and an answer is judged as any other."""
    with server(b"\0\0\0\x08\0\0\0\0") as port, pytest.raises(ProbeFailed):
        probes.ask_over(lambda: socket.create_connection(("127.0.0.1", port)), POSTGRES)
    with server(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        probes.ask_over(
            lambda: socket.create_connection(("127.0.0.1", port)), {"kind": "http", "port": port, "path": "/up"}
        )

    def refused() -> socket.socket:
        raise ProbeFailed("port 80: nobody listens")

    with pytest.raises(ProbeFailed, match="nobody listens"):
        probes.ask_over(refused, {"kind": "http", "port": 80, "path": "/up"})
