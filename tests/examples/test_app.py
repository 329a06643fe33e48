"""The sample app by itself: what it answers, counts and survives."""

import json
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.examples.running import Replica, patience, replica

pytestmark = [pytest.mark.local, pytest.mark.proof]


@pytest.fixture(scope="module")
def bare() -> Iterator[Replica]:
    """A replica with neither database nor cache, and a name that would break a careless page."""
    with replica(TENFOLD_REPLICA="web-0</script><b>") as running:
        yield running


def test_says_that_there_is_no_database_and_no_cache(bare: Replica) -> None:
    assert bare.json("/api/state")["database"] is None
    assert bare.json("/api/state")["cache"] is None
    code, text = bare.ask("/api/visit")
    visit = json.loads(text)
    assert code == 200
    assert (visit["visits"], visit["hits"], visit["replica"]) == (None, None, "web-0</script><b>")


def test_the_page_needs_nothing_from_elsewhere_and_escapes_what_it_shows(bare: Replica) -> None:
    code, page = bare.ask("/")
    assert code == 200
    assert "web-0&lt;/script&gt;&lt;b&gt;" in page
    assert page.count("</script>") == 2
    assert "web-0</script>" not in page
    assert not re.search(r"""(src|href)=["']?https?:""", page)
    state = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert state
    assert json.loads(state[1])["port"] == bare.port


def test_probes_are_not_counted_and_answers_are_by_code() -> None:
    with replica() as running:
        for path in ("/healthz", "/metrics", "/api/state", "/nowhere", "/healthz"):
            running.ask(path)
        text = running.ask("/metrics")[1]
    assert 'http_requests_total{code="200"} 1\n' in text
    assert 'http_requests_total{code="404"} 1\n' in text
    assert "http_requests_in_flight 0\n" in text
    assert 'http_request_duration_seconds_bucket{le="+Inf"} 2\n' in text
    assert "http_request_duration_seconds_count 2\n" in text


def test_a_slow_request_is_in_flight(bare: Replica) -> None:
    with ThreadPoolExecutor(3) as pool:
        slow = [pool.submit(bare.ask, "/slow?seconds=3") for _ in range(3)]
        seen = 0
        while not all(request.done() for request in slow):
            match = re.search(r"^http_requests_in_flight (\d+)$", bare.ask("/metrics")[1], re.MULTILINE)
            seen = max(seen, int(match[1]) if match else 0)
        assert seen == 3
        assert [request.result()[0] for request in slow] == [200, 200, 200]


@pytest.mark.parametrize("seconds", ["31", "-1", "nan", "inf", "1e9", "soon"])
def test_slow_is_bounded(bare: Replica, seconds: str) -> None:
    assert bare.ask(f"/slow?seconds={seconds}")[0] == 400


def test_a_connection_is_kept_in_step_by_a_body_nobody_reads(bare: Replica) -> None:
    connection = bare.connect()
    for _ in range(2):
        connection.request("POST", "/api/visit", b"x" * 1000)
        assert json.loads(connection.getresponse().read())["port"] == bare.port
    connection.close()
    assert bare.ask("/api/visit", "POST", "x" * 100_000)[0] == 413


def test_head_has_no_body(bare: Replica) -> None:
    assert bare.ask("/healthz", "HEAD") == (200, "")


def test_told_to_stop_it_answers_what_has_arrived_and_exits_with_0() -> None:
    with replica() as running:
        idle = running.connect()  # an open connection with nothing running on it must not hold it up
        idle.request("GET", "/healthz")
        idle.getresponse().read()
        with ThreadPoolExecutor(4) as pool:
            slow = [pool.submit(running.ask, "/slow?seconds=2") for _ in range(4)]
            while "http_requests_in_flight 4\n" not in running.ask("/metrics")[1]:
                pass
            running.process.send_signal(signal.SIGTERM)
            assert [request.result()[0] for request in slow] == [200] * 4
        assert running.process.wait(patience) == 0
