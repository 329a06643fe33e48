"""What answers in Prometheus' place when it is ill, or not there."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra_specs.stackfile.models.metrics import Metrics
from tasks.metrics.prometheus import ANSWER_SECONDS, Answers, Prometheus

pytestmark = [pytest.mark.local, pytest.mark.proof]

QUERIES = {"requests_per_second": "sum(a)", "in_flight": "sum(b)"}
VECTOR = {"resultType": "vector", "result": [{"metric": {}, "value": [1, "3"]}]}


@contextmanager
def answering(
    status: int, body: bytes, slowly: float = 0.0, late: Callable[[str], bool] = lambda _: False
) -> Iterator[str]:
    """A server that says this to everything, byte by byte if `slowly`, and to what is `late` when nobody waits."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if late(self.path):
                time.sleep(2 * ANSWER_SECONDS)
            self.send_response(status)
            self.end_headers()
            try:
                for part in (body[i : i + 1] for i in range(len(body))) if slowly else [body]:
                    self.wfile.write(part)
                    self.wfile.flush()
                    time.sleep(slowly)
            except ConnectionError:
                return

        def log_message(self, *_: object) -> None:
            """Not a word."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(url: str) -> Answers:
    with Prometheus() as prometheus:
        return prometheus.ask(Metrics(prometheus=url, **QUERIES), "shop", "web", 1000.0)


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, b"<html>", "answered 200 and not as a Prometheus does; is the address right?"),
        (404, b"", "answered 404 and not as a Prometheus does"),
        (401, b"Unauthorized", "answered 401 and not as"),
        (400, json.dumps({"status": "error", "errorType": "bad_data", "error": "parse error"}).encode(), "parse error"),
        (200, b'{"status": "success", "data": {"resultType": "vector", "result": [{"value": 3}]}}', "not one of"),
        (200, b'{"status": "success", "data": {"resultType": "scalar", "result": [1, "many"]}}', "no number"),
        (200, b"[" + b" " * 1_100_000 + b"]", "longer than 1000000 bytes"),
        (200, b"[1]", "not as a Prometheus does"),
    ],
)
def test_what_is_no_answer_is_told_in_words(status: int, body: bytes, why: str) -> None:
    with answering(status, body) as url:
        answer = ask(url)
    assert (answer.values, answer.partial, answer.stale) == ({}, False, False)
    assert [note.partition(": ")[0] for note in answer.notes] == ["requests_per_second", "in_flight"]
    assert all(why in note for note in answer.notes)


def test_one_that_warns_did_not_see_all() -> None:
    told = {"status": "success", "data": VECTOR, "warnings": ["one of the stores did not answer"]}
    with answering(200, json.dumps(told).encode()) as url:
        answer = ask(url)
    assert answer.partial
    assert answer.values == {"requests_per_second": 3.0, "in_flight": 3.0}


def test_one_that_is_not_there_is_asked_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        answer = ask(f"http://127.0.0.1:{port}")
    assert answer.values == {}
    assert all(f"127.0.0.1:{port} does not answer: Connection refused" in note for note in answer.notes)


def accepted(silent: socket.socket) -> int:
    """How many asked a server that says nothing."""
    silent.setblocking(False)
    count = 0
    while True:
        try:
            silent.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_one_that_is_silent_is_not_asked_again_for_the_same_service() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = ask(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert len(answer.notes) == 2
        assert all(f"no answer within {ANSWER_SECONDS:g} s" in note for note in answer.notes)
        assert accepted(silent) == 1


@pytest.mark.parametrize(
    "askers",
    [[(f"shop-{number}", "web") for number in range(6)], [("shop", f"web-{number}") for number in range(6)]],
    ids=["stacks", "services"],
)
def test_one_that_hangs_holds_up_three_and_no_more(askers: list[tuple[str, str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, Prometheus() as prometheus:
        metrics = Metrics(prometheus=f"http://127.0.0.1:{silent.getsockname()[1]}", **QUERIES)
        answers = [prometheus.ask(metrics, stack, service, 1000.0) for stack, service in askers]
        assert all(f"no answer within {ANSWER_SECONDS:g} s" in note for answer in answers for note in answer.notes)
        assert all(len(answer.notes) == 2 for answer in answers)
        assert accepted(silent) == 3


def test_a_heavy_query_of_one_stack_blinds_no_other() -> None:
    told = json.dumps({"status": "success", "data": VECTOR}).encode()
    with answering(200, told, late=lambda path: "heavy" in path) as url, Prometheus() as prometheus:
        heavy = Metrics(prometheus=url, requests_per_second="sum(heavy)")
        for _ in range(2):
            assert not prometheus.ask(heavy, "shop", "web", 1000.0).values
            assert prometheus.ask(Metrics(prometheus=url, **QUERIES), "blog", "web", 1000.0).values
            assert prometheus.ask(Metrics(prometheus=url, **QUERIES), "shop", "api", 1000.0).values


def test_one_that_drips_is_given_up_too() -> None:
    with answering(200, b" " * 100, slowly=0.1) as url:
        assert all(f"no answer within {ANSWER_SECONDS:g} s" in note for note in ask(url).notes)
