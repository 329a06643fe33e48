"""Connections to a loopback port that are carried on."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from deployments.cli.terminal.forward import carry_on

pytestmark = pytest.mark.local


class Onward:
    """Ways on to a server that answers with what it was sent, backwards, once its client has ended."""

    def __init__(self) -> None:
        self.refuses, self.refusals = False, list[str]()

    def connect(self) -> socket.socket:
        if self.refuses:
            raise ConnectionError("no host answers")
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._answer, args=(theirs,), daemon=True).start()
        return ours

    def _answer(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as reader:
            client.sendall(reader.read()[::-1])


@pytest.fixture
def onward() -> Onward:
    return Onward()


@pytest.fixture
def port(onward: Onward) -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        arguments = (server, onward.connect, lambda error: onward.refusals.append(str(error)))
        threading.Thread(target=carry_on, args=arguments, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def exchange(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client, client.makefile("rb") as reader:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return reader.read()


def test_all_bytes_go_both_ways_and_so_do_their_ends(port: int) -> None:
    data = bytes(range(256)) * 4000
    assert exchange(port, data) == data[::-1]
    assert exchange(port, b"again") == b"niaga"


def test_where_nobody_can_be_reached_one_connection_ends_and_the_next_may_succeed(port: int, onward: Onward) -> None:
    onward.refuses = True
    assert exchange(port, b"") == b""
    assert onward.refusals == ["no host answers"]
    onward.refuses = False
    assert exchange(port, b"on") == b"no"
