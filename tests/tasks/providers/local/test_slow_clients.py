"""What a slow client gets, what a patient one keeps, and that a proxy takes in new settings while it serves."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from infra_specs.resources.instance import Instance
from tasks.providers.local import LocalProvider
from tasks.providers.local.kinds import proxy as local_proxy
from tests.support.waiting import wait_until
from tests.tasks.providers.asking import named, over_http1
from tests.tasks.providers.local.kinds.test_proxy import loaded
from tests.tasks.providers.local.world import get, made, patience, pid, replica, route, trusting

pytestmark = [pytest.mark.local, pytest.mark.proof]
SOURCE = "127.128.0.5"
ASK = b"GET /headers HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n"


def serving(provider: LocalProvider, *networks: str, upload: float = 3600.0) -> Instance:
    door = made(provider, trusting(*networks, upload=upload))
    made(provider, route(made(provider, replica())))
    wait_until(lambda: get(door.outputs["port"])[0] == 200, "it is served")
    return door


def opened(port: str, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(port)), 3 * patience, (SOURCE, 0))
    connection.sendall(sent)
    return connection


def rest(connection: socket.socket) -> bytes:
    """Everything until the proxy closes."""
    with connection:
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_slow_client_loses_its_connection_and_a_quiet_one_keeps_it(provider: LocalProvider) -> None:
    port = serving(provider, upload=5).outputs["port"]
    silent = opened(port)
    done = opened(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    headers = opened(port, b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    body = opened(port, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")
    quiet = opened(port, b"GET /slow?70 HTTP/1.1\r\nHost: a\r\n\r\n")
    trickle = threading.Thread(target=_trickle, args=(body,))
    trickle.start()
    assert body.recv(65_536).startswith(b"HTTP/1.1 408")
    body.close()
    assert rest(headers).startswith(b"HTTP/1.1 408")
    assert rest(silent) == b""
    assert rest(done).startswith(b"HTTP/1.1 200")
    assert quiet.recv(65_536).startswith(b"HTTP/1.1 200"), "an answer may take longer than any of these"
    quiet.close()
    trickle.join()


def _trickle(body: socket.socket) -> None:
    """A byte a second: it is never silent, and never done."""
    try:
        for _ in range(60):
            time.sleep(1)
            body.sendall(b"x")
    except OSError:
        pass


def test_connections_are_bounded_and_trusted_ones_by_themselves(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_proxy, "connections", lambda: 20)
    port = serving(provider, "127.0.0.1/32").outputs["port"]
    with ExitStack() as open_ones:
        connections = [open_ones.enter_context(opened(port)) for _ in range(60)]
        wait_until(lambda: sum(map(_is_closed, connections)) == 40, "what is beyond the bound is closed")
        assert get(port)[0] == 200, "a trusted one is served meanwhile"
    wait_until(lambda: _answers(port), "others are served again")


def _is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def _answers(port: str) -> bool:
    try:
        return rest(opened(port, ASK.replace(b"Host: a", b"Host: a\r\nConnection: close"))).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def test_trust_is_taken_in_at_once_without_a_lost_request(provider: LocalProvider, home: Path, tmp_path: Path) -> None:
    door = serving(provider)
    port, process = door.outputs["port"], pid(home, door)

    def client() -> str:
        return named(over_http1(port, [("X-Forwarded-For", "203.0.113.7")], SOURCE))["x-real-ip"][0]

    with _stream(port) as stream, loaded(port, tmp_path) as answers:
        for _ in range(5):
            kept = opened(port, ASK)
            assert b"203.0.113.7" not in kept.recv(65_536)
            door = provider.update(door, trusting("127.128.0.0/16"))
            assert client() == "203.0.113.7"
            kept.sendall(ASK)
            assert b"connection: close" in kept.recv(65_536), "a connection from before is led over"
            kept.close()
            door = provider.update(door, trusting("10.0.0.0/8", upload=60))
            assert client() == SOURCE
        assert stream.recv(65_536).startswith(b"HTTP/1.1 200"), "what was under way goes on"
    assert set(answers) == {"200"}, answers
    assert (door.incarnation, pid(home, door)) == (1, process)
    assert door.fingerprint == trusting("10.0.0.0/8", upload=60).fingerprint


@contextmanager
def _stream(port: str) -> Iterator[socket.socket]:
    with opened(port, b"GET /slow?15 HTTP/1.1\r\nHost: a\r\n\r\n") as stream:
        yield stream
