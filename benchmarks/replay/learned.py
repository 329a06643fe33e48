"""What can be known of a trace at all: a learner that has seen the rest of it, and is bound by nothing.

Gradient boosting (scikit-learn's, quantile loss) on all that a policy could see: the last steps, means and deviations
of a minute up to an hour, maxima, the time of day, the day of the week, the same time yesterday and a week ago. It says
what the demand two steps on exceeds in so many of a hundred cases. Each eighth of the trace is foretold from the other
seven, those that come after it too; the count may change at every step for nothing. No policy can be expected to do
better that learns as it goes.

Runs in an environment of its own (`bound`), for the project needs no learner.
"""

import json
import math
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.docker.tools import installed, said
from benchmarks.replay.rules import START_STEPS, STEPS_A_DAY, Score, Trace, needed

PARTS = 8
QUANTILES = (0.98, 0.985, 0.99, 0.993, 0.995, 0.997, 0.998)
ROUNDINGS = (0.0, 0.5, 0.7)
"""What is taken off before the count is rounded up: a replica for a tenth of a request pays seldom."""
MINUTES = (2, 4, 8, 16, 32, 64, 128, 240)
"""Steps that means reach over."""
AROUND = 20


def bound(trace: Trace) -> list[Score]:
    """Its scores, the cheapest first of those that no other beats in both. Takes minutes."""
    python = installed("scikit-learn") / "bin/python"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"rates": trace.rates, "capacity": trace.capacity}, file)
        file.flush()
        told = json.loads(said(python, "-m", __name__, file.name, folder=Path(__file__).parents[2]).splitlines()[-1])
    scores = sorted((Score(**fields) for fields in told), key=lambda one: (one.cost, one.lost))
    least, frontier = math.inf, list[Score]()
    for score in scores:
        if score.lost < least:
            frontier.append(score)
            least = score.lost
    return frontier


def _scores(trace: Trace) -> Iterator[Score]:
    import numpy as np  # noqa: PLC0415 - of the other environment
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415

    demand = np.array(trace.rates) / trace.capacity
    later = np.concatenate([demand[START_STEPS:], np.full(START_STEPS, demand[-1])])
    seen, count = _seen(np, demand), len(demand)
    level = seen[:, 4]
    spread = np.sqrt(np.maximum(level, 0.5))
    oracle = sum(needed(rate, trace.capacity) for rate in trace.rates)
    for quantile in QUANTILES:
        foretold = np.zeros(count)
        for part in range(PARTS):
            first, last = part * count // PARTS, (part + 1) * count // PARTS
            others = np.concatenate([np.arange(max(0, first - 50)), np.arange(min(count, last + 50), count)])
            learner = HistGradientBoostingRegressor(
                loss="quantile", quantile=quantile, max_iter=120, max_leaf_nodes=15, min_samples_leaf=200,
                learning_rate=0.06, random_state=0,
            )  # fmt: skip
            learner.fit(seen[others], (later[others] - level[others]) / spread[others])
            foretold[first:last] = level[first:last] + spread[first:last] * learner.predict(seen[first:last])
        for less in ROUNDINGS:
            held = np.maximum(1, np.ceil(foretold - less))
            lost = 100 * np.maximum(0, later - held).sum() / demand.sum()
            yield Score(
                float(lost), float(held.sum() / oracle), float((np.diff(held) != 0).sum() * STEPS_A_DAY / count)
            )


def _seen(np: Any, demand: Any) -> Any:
    """A row for each step, of what was to be seen by then. The mean of 16 steps is column 4."""
    count = len(demand)
    sums, squares = (np.concatenate([[0.0], np.cumsum(values)]) for values in (demand, demand**2))
    ends = np.arange(1, count + 1)

    def mean(of: Any, steps: int) -> Any:
        starts = np.maximum(0, ends - steps)
        return (of[ends] - of[starts]) / (ends - starts)

    columns = [demand, *(mean(sums, steps) for steps in MINUTES)]
    columns += [np.sqrt(np.maximum(0, mean(squares, steps) - mean(sums, steps) ** 2)) for steps in (4, 16, 64, 240)]
    columns += [np.concatenate([np.full(lag, demand[0]), demand[:-lag]]) for lag in (1, 2, 3, 4, 6, 8)]
    for steps in (8, 20, 60, 240):
        padded = np.concatenate([np.full(steps - 1, demand[0]), demand])
        columns.append(np.lib.stride_tricks.sliding_window_view(padded, steps).max(1))
    columns += [np.arange(count) % STEPS_A_DAY, np.arange(count) // STEPS_A_DAY % 7]
    for day in (1, 7):
        for ahead in (0, START_STEPS):
            middle = np.arange(count) - day * STEPS_A_DAY + ahead
            known = middle >= AROUND
            low, high = np.where(known, middle - AROUND, 0), np.where(known, middle + AROUND, 1)
            columns.append(np.where(known, (sums[high] - sums[low]) / (2 * AROUND), np.nan))
    return np.column_stack(columns)


if __name__ == "__main__":
    read = json.loads(Path(sys.argv[1]).read_text())
    print(json.dumps([asdict(score) for score in _scores(Trace("", tuple(read["rates"]), read["capacity"]))]))
