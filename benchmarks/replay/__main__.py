"""Traces of requests through our policy and others': what each loses, heats, costs and does.

python -m benchmarks.replay [FOLDER] [--days N] [--dials] [--bound] [--invented] [--chart FILE.svg]

--days plays the first days of each trace only; --dials adds the other settings of each policy's dial; --bound adds what
a policy pays that knows the future, which takes minutes a trace; --invented adds made-up demand. `score` says what the
figures mean.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.replay.bounds import clairvoyant
from benchmarks.replay.chart import chart
from benchmarks.replay.invented import invented
from benchmarks.replay.ours import tenfold
from benchmarks.replay.peers import ecs, hpa, keda, nomad
from benchmarks.replay.rules import STEPS_A_DAY, Trace, Wants, traces
from benchmarks.replay.score import Score, conditions, even, geometric_means, judged, of_hpa

Make = Callable[..., Wants]
POLICIES: dict[str, tuple[Make, str, tuple[float | str, ...]]] = {
    "Tenfold": (tenfold, "prefer", ("cheap", "quick")),
    "HPA": (hpa, "utilisation", (0.5, 0.6, 0.8, 0.9)),
    "KEDA": (keda, "utilisation", (0.35, 0.45, 0.55, 0.85)),
    "Nomad": (nomad, "utilisation", (0.35, 0.45, 0.55, 0.85)),
    "ECS": (ecs, "utilisation", (0.25, 0.35, 0.5, 0.85)),
}
"""How it is made, its dial, and the settings of the dial beside the default."""


def main() -> None:
    asked = _asked()
    played, panels = list[tuple[Trace, dict[str, list[Score]]]](), dict[str, dict[str, list[Score]]]()
    for whole in [*traces(asked.folder), *(invented() if asked.invented else ())]:
        trace = whole.part(f"{asked.days} days", slice(asked.days * STEPS_A_DAY)) if asked.days else whole
        print(f"\n{trace.name}: {len(trace.rates) / STEPS_A_DAY:.2f} days, one replica serves {trace.capacity:.3g}/s")
        print(f"{'':24}lost %   hot %   mean    p99    cost  actions  cost/HPA   even")
        panel = {who: _scores(who, trace, dials=asked.dials) for who in POLICIES}
        if asked.bound and (bound := clairvoyant(trace, panel["HPA"][0])):
            panel["clairvoyant"] = [_printed("clairvoyant", trace, bound)]
        played.append((trace, panel))
        panels[trace.name] = panel
    for who in next(iter(panels.values())):
        _summary(who, [(trace, panel[who][0]) for trace, panel in played if who in panel])
    if asked.chart:
        asked.chart.write_text(chart(panels), encoding="utf-8")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[1] / "traces")
    parser.add_argument("--days", type=int)
    for flag in ("--dials", "--bound", "--invented"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--chart", type=Path)
    return parser.parse_args()


def _scores(who: str, trace: Trace, *, dials: bool) -> list[Score]:
    """Of the default, and of the other settings of the dial."""
    make, dial, settings = POLICIES[who]
    began = time.process_time()
    scores = [_printed(who, trace, judged(make(trace.capacity), trace))]
    if who == "Tenfold":
        print(
            f"{'':22}{1e6 * (time.process_time() - began) / len(trace.rates):.0f} µs a decision, its judging included"
        )
    for setting in settings if dials else ():
        policy = partial(make, **{dial: setting})(trace.capacity)
        scores.append(_printed(f"{who} {dial} {setting}", trace, judged(policy, trace)))
    return scores


def _printed(who: str, trace: Trace, score: Score) -> Score:
    line = (
        f"{score.lost:7.3f} {score.hot:7.2f} {score.mean:6.2f} {score.p99:6.2f} {score.cost:7.3f} {score.actions:8.0f}"
    )
    beside = f"{score.cost / of_hpa(trace).cost:9.3f} {even(trace, score):6.3f}"
    missed = ", ".join(name for name, holds in conditions(score, of_hpa(trace)).items() if not holds)
    print(f"  {who:22}{line} {beside}  {f'missed: {missed}' if missed else 'won, cool'}", flush=True)
    return score


def _summary(who: str, scores: list[tuple[Trace, Score]]) -> None:
    """The geometric means over all traces, and which conditions hold on how many."""
    pairs = [(ours, of_hpa(trace)) for trace, ours in scores]
    means = geometric_means(pairs, [even(trace, ours) for trace, ours in scores])
    held = [conditions(*pair) for pair in pairs]
    print(f"\n{who} over HPA, geometric mean of {len(pairs)} traces; won cool {sum(all(h.values()) for h in held)}")
    print("  " + "  ".join(f"{name} {value:.3f}" for name, value in means.items()))
    print("  holds on: " + ", ".join(f"{name} {sum(h[name] for h in held)}" for name in held[0]))


if __name__ == "__main__":
    main()
