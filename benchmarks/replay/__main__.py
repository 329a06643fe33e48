"""Traces of requests through our policy and others': what each loses, costs and does.

python -m benchmarks.replay [FOLDER] [--days N] [--quick] [--invented] [--learned] [--chart FILE.svg]

--days plays the first days of each trace only; --quick the defaults only, without the frontiers; --invented adds
made-up demand and the halves of each trace; --learned what a learner can know that has seen the rest of the trace. All
of it takes some minutes, the learner a quarter of an hour.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.replay.bounds import at_loss, clairvoyant, hindsight
from benchmarks.replay.chart import chart
from benchmarks.replay.invented import invented
from benchmarks.replay.learned import bound as learned
from benchmarks.replay.ours import tenfold
from benchmarks.replay.peers import ecs, hpa, keda, nomad
from benchmarks.replay.rules import STEPS_A_DAY, Score, Trace, Wants, play, traces

Make = Callable[..., Wants]
POLICIES: dict[str, tuple[Make, str, tuple[float, ...]]] = {
    "Tenfold": (tenfold, "caution", (1.25, 1.75, 2.75, 3.5)),
    "HPA": (hpa, "utilisation", (0.45, 0.55, 0.8, 0.9)),
    "KEDA": (keda, "utilisation", (0.35, 0.45, 0.55, 0.85)),
    "Nomad": (nomad, "utilisation", (0.35, 0.45, 0.55, 0.85)),
    "ECS": (ecs, "utilisation", (0.25, 0.35, 0.5, 0.85)),
}
"""How it is made, its dial, and the settings of the dial beside the default."""
GOALS = {"nasa-1995": 1.65, "aws-elb-2014": 1.25}
"""Cost over the oracle's, set for these traces beforehand; less lost than HPA, at most 1.2 times its actions."""


def main() -> None:
    asked = _asked()
    panels = {}
    for whole in traces(asked.folder):
        trace = whole.part(f"{asked.days} days", slice(asked.days * STEPS_A_DAY)) if asked.days else whole
        print(f"\n{trace.name}: {len(trace.rates) / STEPS_A_DAY:.1f} days, one replica serves {trace.capacity:.3g}/s")
        panel = {who: [*_scores(who, trace, quick=asked.quick)] for who in POLICIES}
        bound = list(hindsight(trace))
        _bounds(trace, panel, bound)
        if asked.learned:
            _learned(panel, learned(trace))
        panels[trace.name] = panel | {"hindsight": bound}
    if asked.chart:
        asked.chart.write_text(chart(panels), encoding="utf-8")
    if asked.invented:
        _others(asked.folder)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[1] / "traces")
    parser.add_argument("--days", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--invented", action="store_true")
    parser.add_argument("--learned", action="store_true")
    parser.add_argument("--chart", type=Path)
    return parser.parse_args()


def _scores(who: str, trace: Trace, *, quick: bool) -> Iterator[Score]:
    make, dial, settings = POLICIES[who]
    began = time.process_time()
    yield _said(who, "", play(make(trace.capacity), trace))
    microseconds = 1e6 * (time.process_time() - began) / len(trace.rates)
    if who == "Tenfold":
        print(f"{'':30}{microseconds:.0f} µs a decision")
    for setting in () if quick else settings:
        yield _said(who, f"{dial} {setting:g}", play(partial(make, **{dial: setting})(trace.capacity), trace))


def _said(who: str, how: str, score: Score) -> Score:
    line = f"lost {score.lost:7.3f} %  cost {score.cost:5.3f} x oracle  {score.actions:6.0f} actions a day"
    print(f"  {who:10}{how:18}{line}", flush=True)
    return score


def _bounds(trace: Trace, panel: dict[str, list[Score]], bound: list[Score]) -> None:
    ours, theirs = panel["Tenfold"][0], panel["HPA"][0]
    print(f"  what bounds it: knowing the future, with the same 30 s start: lost 0, cost {clairvoyant(trace):.3f}")
    for whose, lost in (("ours", ours.lost), ("HPA's", theirs.lost)):
        cost = at_loss(bound, lost)
        print(f"  the level alone, with this trace's own odds in hindsight, at the loss of {whose}: cost {_or(cost)}")
    goal = GOALS.get(trace.name)
    if goal:
        met = [ours.lost < theirs.lost, ours.cost <= goal, ours.actions <= 1.2 * theirs.actions]
        words = ("less lost than HPA", f"cost at most {goal}", "at most 1.2 x HPA's actions")
        print(
            "  goals: "
            + ", ".join(f"{word}: {'met' if ok else 'NOT met'}" for word, ok in zip(words, met, strict=True))
        )


def _learned(panel: dict[str, list[Score]], bound: list[Score]) -> None:
    for line in bound:
        _said("learned", "", line)
    for whose, lost in (("ours", panel["Tenfold"][0].lost), ("HPA's", panel["HPA"][0].lost)):
        print(
            f"  a learner that has seen the rest of the trace, at the loss of {whose}: cost {_or(at_loss(bound, lost))}"
        )


def _or(cost: float | None) -> str:
    return "beyond what was tried" if cost is None else f"{cost:.3f}"


def _others(folder: Path) -> None:
    print("\nNot tuned to: halves of the traces, and invented demand, each with the defaults")
    parts = [
        whole.part(name, half)
        for whole in traces(folder)
        for name, half in (
            ("first half", slice(len(whole.rates) // 2)),
            ("second half", slice(len(whole.rates) // 2, None)),
        )
    ]
    for trace in [*parts, *invented()]:
        print(trace.name)
        for who in ("Tenfold", "HPA"):
            _said(who, "", play(POLICIES[who][0](trace.capacity), trace))


if __name__ == "__main__":
    main()
