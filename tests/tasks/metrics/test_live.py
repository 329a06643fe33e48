"""Real requests through a real proxy, measured as a check does it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tasks.metrics import Prometheus, ServiceSample, SourceConfig, measure
from tasks.providers.local import LocalProvider
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import get, made, opened, proxy, replica, route, stack

pytestmark = [pytest.mark.local, pytest.mark.proof]

CLIENTS = 4


@pytest.fixture
def provider() -> Iterator[LocalProvider]:
    with opened() as provider:
        yield provider


@contextmanager
def loaded(port: str) -> Iterator[list[int]]:
    """Clients that each ask again as soon as they are answered, after half a second; counts what was answered."""
    stop, answered = threading.Event(), [0] * CLIENTS

    def ask(number: int) -> None:
        while not stop.is_set():
            assert get(port, "/slow?0.5")[0] == 200
            answered[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield answered
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_what_users_ask_is_what_is_measured(provider: LocalProvider) -> None:
    port = made(provider, proxy()).outputs["port"]
    made(provider, route(*[made(provider, replica(slot)) for slot in range(2)]))
    wait_until(lambda: get(port)[0] == 200, "it is served")
    with Prometheus() as prometheus:

        def check(before: ServiceSample | None) -> ServiceSample:
            readings = {"web": json.loads(json.dumps(before.readings))} if before else {}
            return measure(stack, {"web": SourceConfig(routed=True)}, provider, readings, prometheus)["web"]

        first = check(None)
        assert (first.measured.status, first.measured.serving) == ("partial", 2)
        with loaded(port) as answered:
            known = wait_until(
                lambda: seen if (seen := check(first)).measured.latency is not None and sum(answered) >= 40 else None,
                "the time of some requests is known",
            )
            seen = check(first)
        measured = seen.measured
        assert (measured.status, measured.serving, seen.notes) == ("fresh", 2, ())
        assert measured.requests_per_second is not None
        arrived = measured.requests_per_second * measured.seconds
        assert arrived == pytest.approx(round(arrived)), "a whole number of requests came"
        assert 40 <= round(arrived) <= sum(answered)
        assert measured.in_flight is not None
        assert 0 < measured.in_flight < 2 * CLIENTS
        assert measured.latency is not None
        assert measured.latency == pytest.approx(0.5, rel=0.2) or measured.latency > 0.5
        assert known.measured.at < measured.at
