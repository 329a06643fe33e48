"""Policies are judged by the rules of the traces: HPA's figures there, and cases small enough to reckon by hand."""

import dataclasses
from pathlib import Path

import pytest

from benchmarks.replay import peers, rules
from benchmarks.replay.bounds import clairvoyant
from benchmarks.replay.rules import Played, Trace
from benchmarks.replay.score import Score, conditions, even, geometric_means, judged, of_hpa, score

pytestmark = pytest.mark.pure
TRACES = Path(rules.__file__).parents[1] / "traces"
FIGURES = [
    ("autothrottle-noisy", "ecs", (0.046059, 1.7959, 26.317, 3.2847, 20, 23.361, 645, 1.1058, 72), 1.043),
    ("autothrottle-noisy", "hpa", (0, 0, 15.561, 2.7387, 4.9032, 13.278, 165, 1.1443, 214.4), 1),
    ("autothrottle-noisy", "nomad", (0.16412, 6.5564, 51.259, 4.5425, 20, 48.167, 435, 0.99731, 288), 1.0324),
    ("azure-llm-2023-conv", "ecs", (2.2383, 5.7851, 38.957, 4.2248, 20, 32.189, 180, 1.0946, 123.61), 1.0553),
    ("azure-llm-2023-conv", "hpa", (0.24041, 1.2242, 14.866, 2.724, 10.074, 12.446, 60, 1.2344, 346.09), 1),
    ("azure-llm-2023-conv", "nomad", (2.8242, 13.306, 59.783, 5.7075, 20, 55.365, 345, 0.95991, 296.65), 0.9937),
    ("epa-1995", "ecs", (1.4705, 9.8454, 28.825, 4.3371, 20, 21.58, 360, 1.2639, 81), 1.064),
    ("epa-1995", "hpa", (0.053117, 2.0108, 17.468, 2.8249, 20, 11.84, 180, 1.3723, 616), 1),
    ("epa-1995", "nomad", (4.3141, 25.448, 52.815, 7.3483, 20, 40.938, 570, 1.0068, 283), 1.0051),
]
"""Of the judge that the rules come from: lost, hot, warm, mean, p99, under, longest, cost, actions; and even."""


@pytest.fixture(scope="module")
def traces() -> dict[str, Trace]:
    return {trace.name: trace for trace in map(rules.read, TRACES.glob("*.gz")) if trace.name in NAMES}


NAMES = {name for name, *_ in FIGURES}


@pytest.mark.parametrize(("name", "peer", "figures", "as_warm"), FIGURES)
def test_a_policy_is_judged_to_three_digits(
    traces: dict[str, Trace], name: str, peer: str, figures: tuple[float, ...], as_warm: float
) -> None:
    trace = traces[name]
    scored = judged(getattr(peers, peer)(trace.capacity), trace)
    assert dataclasses.astuple(scored) == pytest.approx(figures, rel=5e-4)
    if peer != "hpa":
        assert even(trace, scored) == pytest.approx(as_warm, rel=5e-4)


def test_a_name_of_no_known_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="per-minute"):
        rules.read(tmp_path / "shop-requests-per-hour.csv")


def test_minutes_are_drawn_into_four_steps_as_busy_as_they_were(tmp_path: Path) -> None:
    file = tmp_path / "shop-requests-per-minute.csv"
    file.write_text("minute,requests\n" + "".join(f"{at},4000\n" for at in range(50)))
    trace = rules.read(file)
    assert (trace.name, len(trace.rates)) == ("shop", 200)
    assert sum(trace.rates) * 15 == pytest.approx(50 * 4000, rel=0.01)


def test_what_is_above_the_ready_replicas_is_lost_hot_and_slow() -> None:
    trace = Trace("made up", (7.0, 9.5, 20.0, 1.0), 1.0)
    scored = score(trace, Played((10, 10, 10, 10), 40, 2))
    assert scored.lost == pytest.approx(100 * 10 / 37.5)
    assert scored.hot == pytest.approx(100 * 29.5 / 37.5)
    assert scored.mean == pytest.approx((7 / 0.3 + 9.5 * 20 + 20 * 20 + 1 / 0.9) / 37.5)
    assert (scored.under, scored.longest) == (50, 30)
    assert scored.cost == pytest.approx(40 / (10 + 14 + 29 + 2))


def test_a_replica_given_back_goes_first_where_it_does_not_serve_yet() -> None:
    wishes = [10, 14, 12, 12, 12]
    trace = Trace("made up", (7.0,) * 5, 1.0)
    assert rules.play(lambda step, count, rate: wishes[step], trace).ready == (10, 10, 10, 12, 12)


def test_a_trace_is_won_cool_with_less_cost_and_no_more_heat(traces: dict[str, Trace]) -> None:
    theirs = of_hpa(traces["epa-1995"])
    cheaper = dataclasses.replace(theirs, cost=0.95 * theirs.cost, mean=3.3)
    assert all(conditions(cheaper, theirs).values())
    assert [name for name, holds in conditions(theirs, theirs).items() if not holds] == ["cost"]
    hotter = dataclasses.replace(cheaper, hot=theirs.hot + 0.01)
    assert [name for name, holds in conditions(hotter, theirs).items() if not holds] == ["hot"]
    assert geometric_means([(cheaper, theirs)], [0.9])["cost"] == pytest.approx(0.95)


def test_who_knows_the_future_is_no_worse_and_cheaper(traces: dict[str, Trace]) -> None:
    trace = traces["azure-llm-2023-conv"]
    bound = clairvoyant(trace, of_hpa(trace))
    assert isinstance(bound, Score)
    assert all(conditions(bound, of_hpa(trace)).values())
