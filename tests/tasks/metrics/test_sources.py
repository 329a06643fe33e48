"""What every service of a stack did: the proxy's numbers, a Prometheus' over them, and the faults of both."""

import json
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from infra_specs.errors import TransientError
from infra_specs.scaling.measurement import Measurement, Status
from infra_specs.stackfile.models.metrics import Metrics
from tasks.metrics import Prometheus, ServiceSample, SourceConfig, measure, sources
from tasks.metrics.prometheus import Answers
from tasks.providers.seam.traffic import Counted, Traffic

pytestmark = pytest.mark.pure

web = Traffic(
    requests=100, errors=0, in_flight=4, answered=100, seconds=20.0, running=50.0, latencies={0.2: 100},
    replicas={"a:1": Counted(60, 0, 2, True), "a:2": Counted(40, 0, 2, False)},
)  # fmt: skip
rate = Metrics(prometheus="http://p:9090", requests_per_second="r")
queue = Metrics(prometheus="http://p:9090", queue="q")

routed, nothing = SourceConfig(routed=True), Answers()


class Proxy:
    """A target whose proxy says this."""

    measures = None

    def __init__(self, traffic: Mapping[str, Traffic] | Exception) -> None:
        self._traffic, self.traffic = traffic, self

    def counts(self, stack: str) -> Mapping[str, Mapping[str, Traffic]]:
        if isinstance(self._traffic, Exception):
            raise self._traffic
        return {service: {"proxy/main": counts} for service, counts in self._traffic.items()}


class Answering(Prometheus):
    """A Prometheus that answers this to everything."""

    def __init__(self, *answers: Answers) -> None:
        self._answers = list(answers)

    def ask(self, metrics: Metrics, stack: str, service: str, at: float) -> Answers:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is: change its one element."""
    time = [1000.0]
    monkeypatch.setattr(sources, "now", lambda: time[0])
    return time


def see(
    traffic: Mapping[str, Traffic] | Exception,
    before: ServiceSample | None = None,
    asked: SourceConfig = routed,
    answers: Answers = nothing,
) -> ServiceSample:
    """One check of one service; what was kept passes through JSON, as it does in the ledger."""
    readings: dict[str, Any] = {"web": json.loads(json.dumps(before.readings))} if before else {}
    provider: Any = Proxy(traffic)
    return measure("shop", {"web": asked}, provider, readings, Answering(answers))["web"]


def more(window: float = 15.0, **changed: Any) -> dict[str, Traffic]:
    """The proxy a window later, 15 requests further."""
    later = replace(web, requests=115, answered=115, seconds=23.0, running=web.running + window, latencies={0.2: 115})
    return {"web": replace(later, **changed)}


def test_two_checks_make_a_window(clock: list[float]) -> None:
    first = see({"web": web})
    assert (first.measured.status, first.measured.in_flight, first.measured.serving) == ("partial", 4.0, 1)
    clock[0] = 1015.0
    second = see(more(in_flight=0), first).measured
    assert (second.status, second.at, second.seconds, second.requests_per_second) == ("fresh", 1015.0, 15.0, 1.0)
    assert second.in_flight == pytest.approx(0.2)
    assert second.serving == 1


def test_a_service_that_the_proxy_does_not_know_is_absent(clock: list[float]) -> None:
    seen = see({"api": web})
    assert seen.measured.status == "absent"
    assert seen.notes == ("the proxy does not know the service",)


@pytest.mark.parametrize(
    ("dead", "why"), [({}, "the proxy does not answer"), (TransientError("the engine is away"), "the engine is away")]
)
def test_a_proxy_that_is_away_for_a_moment_costs_that_moment_only(
    clock: list[float], dead: Mapping[str, Traffic] | Exception, why: str
) -> None:
    first = see({"web": web})
    clock[0] = 1015.0
    gap = see(dead, first)
    assert (gap.measured.status, gap.notes) == ("absent", (why,))
    clock[0] = 1030.0
    after = see(more(30.0), gap).measured
    assert (after.status, after.seconds, after.requests_per_second) == ("fresh", 30.0, 0.5)


def test_a_lie_is_named_and_not_kept(clock: list[float]) -> None:
    first = see({"web": web})
    clock[0] = 1015.0
    lie = see(more(seconds=float("nan")), first)
    assert lie.measured.status == "absent"
    assert lie.notes == ("the proxy says seconds is nan, which cannot be",)
    clock[0] = 1030.0
    assert see(more(30.0), lie).measured.requests_per_second == 0.5


def test_a_target_that_counts_nothing_says_what_to_do(clock: list[float]) -> None:
    provider: Any = SimpleNamespace(traffic=None, measures=None)
    seen = measure("shop", {"web": SourceConfig(routed=True)}, provider, {}, Answering(Answers()))["web"]
    assert seen.measured.status == "absent"
    assert "give the service queries to a Prometheus" in seen.notes[0]


def test_a_worker_is_asked_of_prometheus_alone(clock: list[float]) -> None:
    seen = see(
        AssertionError("nobody asks the proxy"),
        None,
        SourceConfig(routed=False, metrics=queue),
        Answers({"queue": 7.0}),
    )
    assert (seen.measured.status, seen.measured.queue, seen.measured.in_flight) == ("fresh", 7.0, None)


@pytest.mark.parametrize(
    ("metrics", "answers", "proxy", "expected"),
    [
        (rate, Answers({"requests_per_second": 9.0}), True, "fresh"),
        (rate, Answers({"requests_per_second": 9.0}), False, "fresh"),
        (rate, Answers({"requests_per_second": 9.0}, partial=True), True, "partial"),
        (rate, Answers(notes=("away",)), True, "partial"),
        (rate, Answers(notes=("away",)), False, "absent"),
        (rate, Answers(notes=("old",), stale=True), False, "stale"),
        (queue, Answers({"queue": 9.0}), True, "fresh"),
        (queue, Answers({"queue": 9.0}), False, "absent"),
        (queue, Answers(notes=("away",)), True, "partial"),
    ],
)
def test_how_well_it_was_seen_with_both(
    clock: list[float], metrics: Metrics, answers: Answers, proxy: bool, expected: Status
) -> None:
    first = see({"web": web})
    clock[0] = 1015.0
    seen = see(more() if proxy else {}, first, SourceConfig(routed=True, metrics=metrics), answers)
    assert seen.measured.status == expected
    assert set(answers.notes) <= set(seen.notes)
    if answers.values:
        (name,) = answers.values
        assert getattr(seen.measured, name) == 9.0, "what a query gives goes before the proxy's number"


def test_a_prometheus_that_repeats_itself_is_not_believed_for_ever(clock: list[float]) -> None:
    asked, answers = SourceConfig(routed=False, metrics=rate), Answers({"requests_per_second": 31.25})
    seen = see({}, None, asked, answers)
    for _ in range(8):
        clock[0] += 15
        seen = see({}, seen, asked, answers)
        assert seen.measured.status == "fresh"
    clock[0] += 15
    seen = see({}, seen, asked, answers)
    assert (seen.measured.status, seen.measured.requests_per_second) == ("stale", None)
    assert seen.notes == ("no digit of what Prometheus answers has changed for 135 s",)
    clock[0] += 15
    seen = see({}, seen, asked, Answers({"requests_per_second": 31.5}))
    assert seen.measured.status == "fresh"


def test_nobody_coming_for_long_is_believed(clock: list[float]) -> None:
    asked, answers = SourceConfig(routed=False, metrics=rate), Answers({"requests_per_second": 0.0})
    seen = see({}, None, asked, answers)
    clock[0] += 600
    assert see({}, seen, asked, answers).measured.status == "fresh"


def test_what_is_inside_may_well_stay_the_same(clock: list[float]) -> None:
    sockets = Metrics(prometheus="http://p:9090", in_flight="sum(ws_connections)")
    asked, answers = SourceConfig(routed=False, metrics=sockets), Answers({"in_flight": 12.0})
    seen = see({}, None, asked, answers)
    clock[0] += 600
    seen = see({}, seen, asked, answers)
    assert (seen.measured.status, seen.measured.in_flight, seen.notes) == ("fresh", 12.0, ())


def test_three_proxies_are_read_as_one_and_a_missing_one_makes_a_lower_bound(clock: list[float]) -> None:
    def counts(requests: int, *names: str) -> dict[str, dict[str, Traffic]]:
        later = replace(web, requests=100 + requests, answered=100 + requests, seconds=20.0 + requests * 0.2)
        return {"web": {name: replace(later, running=web.running + clock[0] - 1000, in_flight=0) for name in names}}

    def check(counts: Mapping[str, Mapping[str, Traffic]], before: ServiceSample | None) -> ServiceSample:
        readings: dict[str, Any] = {"web": json.loads(json.dumps(before.readings))} if before else {}
        provider: Any = SimpleNamespace(measures=None, traffic=SimpleNamespace(counts=lambda _: counts))
        return measure("shop", {"web": routed}, provider, readings, Answering(nothing))["web"]

    seen = check(counts(0, "a", "b", "c"), None)
    clock[0] = 1015.0
    seen = check(counts(15, "a", "b", "c"), seen)
    assert (seen.measured.status, seen.measured.requests_per_second, seen.measured.serving) == ("fresh", 3.0, 1)
    clock[0] = 1030.0
    seen = check(counts(30, "a", "b"), seen)
    assert (seen.measured.status, seen.measured.requests_per_second) == ("partial", 2.0)
    assert seen.notes == ("c does not answer: what it counted is missing",)
    clock[0] = 1045.0
    seen = check(counts(45, "a", "b", "c"), seen)
    assert seen.measured.status == "fresh", "it was away for a moment, and nothing that it counted is lost"
    for clock[0] in (1060.0, 1120.0, 1180.0):
        seen = check(counts(60, "a", "b"), seen)
    assert seen.measured.status == "fresh", "one that stays away has gone for good"


def test_the_reading_of_an_older_version_is_gone_on_with(clock: list[float]) -> None:
    first = see({"web": web})
    clock[0] = 1015.0
    (reading,) = first.readings["proxies"].values()
    assert see(more(), replace(first, readings={"proxy": reading})).measured.status == "fresh"


def test_a_target_that_measures_itself_is_believed(clock: list[float]) -> None:
    measured = Measurement(960.0, 60.0, requests_per_second=7.0, in_flight=2.0)
    provider: Any = SimpleNamespace(traffic=None, measures=SimpleNamespace(measured=lambda _: {"web": measured}))
    seen = measure("shop", {"web": routed, "api": routed}, provider, {}, Answering(nothing))
    assert seen["web"].measured == measured
    assert (seen["api"].measured.status, seen["api"].notes) == (
        "absent",
        ("the target has measured nothing of the service yet",),
    )
