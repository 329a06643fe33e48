"""The load counts exactly: what benchmarks say of failed requests rests on it."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load import load, moments

pytestmark = [pytest.mark.local, pytest.mark.proof]


class Server(ThreadingHTTPServer):
    """Every fifth answer is a 500, every seventh request gets none and its connection is cut."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.guard, self.counted = threading.Lock(), Counter[str]()
        self.connections = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        with self.server.guard:
            self.server.connections += 1

    def do_GET(self) -> None:
        with self.server.guard:
            number = self.server.counted.total() + 1
            kind = "cut" if number % 7 == 0 else "500" if number % 5 == 0 else "200"
            self.server.counted[kind] += 1
        if kind == "cut":
            self.close_connection = True
            return
        self.send_response(int(kind))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("new", [False, True])
def test_every_request_is_counted_once(server: Server, new: bool) -> None:
    with load(f"http://127.0.0.1:{server.server_port}/", 100, new=new) as results:
        time.sleep(1)
    result, counted = results[0], server.counted
    assert result.sent == counted.total() > 20
    assert result.failures["500"] == counted["500"]
    assert sum(result.failures.values()) == result.failed == counted["500"] + counted["cut"]
    assert 0 < result.p50 <= result.p99 <= result.longest
    assert (server.connections == result.sent) == new


def test_nobody_there() -> None:
    with load("http://127.0.0.1:9/", 50) as results:
        time.sleep(0.2)
    assert results[0].failed == results[0].sent > 0


def test_a_shaky_load_is_as_many_requests_and_another_rate_each_second() -> None:
    even, shaky = (list(itertools.takewhile(lambda due: due < 100, moments(40, spread))) for spread in (0.0, 0.15))
    assert len(even) == 4000
    assert len(shaky) == pytest.approx(4000, rel=0.05)
    counts = Counter(int(due) for due in shaky).values()
    assert min(counts) >= 34
    assert max(counts) <= 47
    assert len(set(counts)) > 5
