"""A real Prometheus, asked by query."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from infra_specs.stackfile.models.metrics import Metrics
from tasks.metrics.prometheus import Answers, Prometheus
from tests.support.prometheus import Exporter, program, running_prometheus

pytestmark = [
    pytest.mark.proof,
    pytest.mark.local,
    pytest.mark.skipif(program() is None, reason="no Prometheus on this machine: sudo apt install prometheus"),
]
DEADLINE_SECONDS = 60.0


@dataclass
class World:
    """A Prometheus that scrapes one exporter every second."""

    url: str
    exporter: Exporter
    asks: Prometheus = field(default_factory=Prometheus)

    def ask(self, at: float | None = None, **queries: str) -> Answers:
        """Now, or at that time."""
        metrics = Metrics(prometheus=self.url, **queries)
        return self.asks.ask(metrics, "shop", "web", time.time() if at is None else at)

    def until(self, true: Callable[[Answers], bool], **queries: str) -> Answers:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not true(values := self.ask(**queries)):
            assert time.monotonic() < deadline, values
            time.sleep(0.2)
        return values


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    text = 'jobs_waiting{stack="shop",service="web"} 7\njobs_waiting{stack="shop",service="api"} 1\n'
    text += "nothing 0\nbroken NaN\nlow -4\nendless +Inf\nrequests_total 0\n"
    with Exporter(text).serving() as exporter, running_prometheus(f"127.0.0.1:{exporter.port}") as url:
        world = World(url, exporter)
        world.until(lambda found: "queue" in found.values, queue="sum(jobs_waiting)")
        with world.asks:
            yield world


def test_each_query_gives_one_number(world: World) -> None:
    values = world.ask(
        queue='jobs_waiting{stack="$stack",service="$service"}', cpu="scalar(nothing)", in_flight="sum(jobs_waiting)"
    )
    assert values == Answers({"in_flight": 8.0, "cpu": 0.0, "queue": 7.0})


def test_a_rate_follows_what_is_counted(world: World) -> None:
    began = time.monotonic()
    text, deadline = world.exporter.text, began + DEADLINE_SECONDS
    while True:
        world.exporter.text = text.replace("requests_total 0", f"requests_total {50 * (time.monotonic() - began):.3f}")
        values = world.ask(requests_per_second="sum(rate(requests_total[10s]))")
        if abs(values.values.get("requests_per_second", 0.0) - 50) < 5:
            return
        assert time.monotonic() < deadline, values
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("jobs_waiting", "gives 2 series where one number is wanted; put sum"),
        ("not_there", "gives nothing"),
        ("broken", "NaN"),
        ("low", "-4, which cannot be"),
        ("endless", "inf, which cannot be"),
        ("sum(nothing) / sum(nothing)", "NaN"),
        ("sum(", "refused the query: "),
        ("jobs_waiting[1m]", "gives a matrix"),
        ("'text'", "gives a string"),
    ],
)
def test_what_is_no_number_is_refused_and_named(world: World, query: str, why: str) -> None:
    values = world.ask(queue=query, cpu="scalar(nothing)")
    assert values.values == {"cpu": 0.0}, "the others are as good as before"
    assert len(values.notes) == 1
    assert values.notes[0].startswith("queue: ")
    assert why in values.notes[0]


def test_an_old_value_is_stale(world: World) -> None:
    values = world.ask(at=time.time() + 200, queue='jobs_waiting{service="web"}')
    assert (values.values, values.stale) == ({}, True)
    assert "s old" in values.notes[0]


def test_what_is_no_longer_scraped_gives_nothing(world: World) -> None:
    text = world.exporter.text
    world.exporter.text = "other 1\n"
    world.until(lambda found: not found.values, queue='jobs_waiting{service="web"}')
    world.exporter.text = text
    world.until(lambda found: bool(found.values), queue='jobs_waiting{service="web"}')
