"""Nothing that is under way is cut off when one replica takes over from another: the same for every real target.

A target's test file subclasses this and gives it the provider, a proxy, and replicas of `tests/support/streams.py`.
"""

import base64
import http.client
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from benchmarks.load import load
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.seam.provider import KindProvider
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.routes import route

source = (Path(__file__).parents[3] / "support" / "streams.py").read_text()
PATIENCE = 90.0
Replicas = Callable[[str, int], Resource]
"""A replica of the app by its NAME and slot."""


class DrainContract:
    """Subclass it with fixtures `provider`, `door` (a proxy that is well) and `replicas`."""

    def test_what_is_under_way_is_finished_while_others_take_over(
        self, provider: KindProvider, door: Instance, replicas: Replicas
    ) -> None:
        old = [made(provider, replicas("old", slot)) for slot in range(2)]
        way = made(provider, route(*old))
        url = f"http://127.0.0.1:{door.outputs['port']}/"
        wait_until(lambda: get(url)[0] == 200, "it is served")
        with ExitStack() as under:
            clients = under.enter_context(load(url, 100))
            new = under.enter_context(load(url, 50, new=True))
            posted = under.enter_context(load(url, 50, post=True))
            streams = [under.enter_context(streaming(f"{url}stream?5")) for _ in range(6)]
            wait_until(lambda: all(lines for lines in streams), "all streams have begun")
            fresh = [made(provider, replicas("new", slot)) for slot in range(2)]
            way = provider.update(way, route(*fresh))
            for instance in old:
                drained(provider, instance)
                provider.destroy(instance)
            wait_until(lambda: all(lines[-1] == "whole" for lines in streams), "all streams have ended")
            time.sleep(1.0)
        assert [{line.split()[0] for line in lines[:-1]} for lines in streams] == [{"old"}] * 6
        assert [len(lines) for lines in streams] == [51] * 6
        for (result,) in (clients, new, posted):
            assert result.failed == 0, str(result)
            assert result.sent > 100, "there was a load"
        assert get(url)[1].startswith("new")

    def test_a_websocket_is_kept_until_the_bound_and_then_told(
        self, provider: KindProvider, door: Instance, replicas: Replicas
    ) -> None:
        old = made(provider, replicas("old", 0))
        way = made(provider, route(old))
        port = int(door.outputs["port"])
        wait_until(lambda: get(f"http://127.0.0.1:{port}/")[0] == 200, "it is served")
        with websocket(port) as (read, send):
            assert read() == b"\x81\x03old"
            provider.update(way, route(made(provider, replicas("new", 0))))
            assert drained(provider, old, 2.0) == 1, "it is still counted, so a drain waits for it up to its bound"
            send(b"\x89\x80\x00\x00\x00\x00")
            provider.destroy(old)
            assert read() == b"\x88\x02\x03\xe9", "a close frame: going away"
            assert read() == b"", "and then the end, not a reset"

    def test_a_websocket_of_a_program_that_dies_ends_without_a_reset(
        self, provider: KindProvider, door: Instance, replicas: Replicas
    ) -> None:
        old = made(provider, replicas("deaf", 0))
        made(provider, route(old))
        port = int(door.outputs["port"])
        wait_until(lambda: get(f"http://127.0.0.1:{port}/")[0] == 200, "it is served")
        with websocket(port) as (read, _):
            assert read() == b"\x81\x04deaf"
            provider.destroy(old)
            assert read() == b""

    @pytest.mark.parametrize("percent", [10])
    def test_a_canary_gets_its_share(
        self, provider: KindProvider, door: Instance, replicas: Replicas, percent: int
    ) -> None:
        old = [made(provider, replicas("old", slot)) for slot in range(2)]
        way = made(provider, route(*old))
        url = f"http://127.0.0.1:{door.outputs['port']}/"
        wait_until(lambda: get(url)[0] == 200, "it is served")
        canary = made(provider, replicas("new", 2))
        way = provider.update(way, route(*old, canary, weights={canary.outputs["endpoint"]: percent}))
        wait_until(lambda: get(url)[1].startswith("new"), "the canary serves")
        for at_once in (1, 4):
            answers = asked(url, at_once, 1000)
            assert answers["new"] == pytest.approx(1000 * percent / 100, abs=15), answers
        way = provider.update(way, route(*old))
        assert drained(provider, canary) == 0
        assert set(asked(url, 1, 20)) == {"old"}


def drained(provider: KindProvider, one: Instance, seconds: float = PATIENCE) -> int:
    """Wait as a plan does; returns how many requests are left."""
    deadline, zeros = time.monotonic() + seconds, 0
    while True:
        left = provider.in_flight(one)
        zeros = zeros + 1 if left == 0 else 0
        if zeros == 2 or time.monotonic() > deadline:
            return left
        time.sleep(0.03)


def get(url: str) -> tuple[int, str]:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=PATIENCE)
    try:
        connection.request("GET", f"/{path}")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def asked(url: str, at_once: int, count: int) -> Counter[str]:
    """Who answered, of so many requests by so many clients."""
    outcomes: Counter[str] = Counter()
    host, _, path = url.removeprefix("http://").partition("/")

    def ask() -> None:
        connection = http.client.HTTPConnection(host, timeout=PATIENCE)
        for _ in range(count // at_once):
            connection.request("GET", f"/{path}")
            outcomes[connection.getresponse().read().decode().split()[0]] += 1
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@contextmanager
def streaming(url: str) -> Iterator[list[str]]:
    """The lines of a long answer as they come, and at its proper end `whole`."""
    lines: list[str] = []
    host, _, path = url.removeprefix("http://").partition("/")

    def read() -> None:
        connection = http.client.HTTPConnection(host, timeout=PATIENCE)
        try:
            connection.request("GET", f"/{path}")
            answer = connection.getresponse()
            lines.extend(line.decode().strip() for line in iter(answer.readline, b""))
            lines.append("whole" if answer.isclosed() else "cut")
        except (OSError, http.client.HTTPException) as error:
            lines.append(repr(error))
        finally:
            connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    yield lines
    thread.join()


@contextmanager
def websocket(port: int) -> Iterator[tuple[Callable[[], bytes], Callable[[bytes], None]]]:
    """One that is open: what reads the next frame (b"" for the end; a reset raises), and what sends."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        key = base64.b64encode(os.urandom(16)).decode().lower()
        client.sendall(
            f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        file = client.makefile("rb")
        assert b"101" in file.readline()
        while file.readline() not in (b"\r\n", b""):
            pass

        def read() -> bytes:
            head = file.read(2)
            return head + file.read(head[1]) if len(head) == 2 else head

        yield read, client.sendall


def made(provider: KindProvider, resource: Resource) -> Instance:
    """Created, and healthy."""
    return wait_healthy(provider, provider.create(resource))
