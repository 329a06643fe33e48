"""A year of checks every 15 seconds: what is left of it, and how fast it answers.

One day is checked for real. The other 364 are copies of what that day left, made by the database: untrimmed, the whole
year. Then checks go on until nothing is left to trim, as they would have all along.
"""

import sqlite3
import statistics
import time
from collections.abc import Callable

from benchmarks.ticks.checking import BEGAN, DAY, INTERVAL, CheckedStack, checked_stack, stacks
from benchmarks.ticks.scaled import scale_runs
from tasks.ledger import measurements, retention

CHECKS_A_DAY = int(DAY / INTERVAL)
COPIED = {
    "samples": "period + {0}, stack, service, windows",
    "measurements": "period + {0}, stack, service, seconds, requests_per_second, most_requests_per_second, in_flight, "
    "most_in_flight, latency, most_latency, serving",
    "decisions": "NULL, stack, service, since + {0}, until + {0}, checks, before, replicas, mode, reason, shape, data, "
    "flow_run_id",
    "runs": "id + {1}, stack, verb, reason, who, flow_run_id || ' ' || {1}, fence, plan, state, message, began + {0}, "
    "ended + {0}",
    "changes": "id + {1}, run + {2}, action, address, reason, text, state, message, seconds, began + {0}",
}
KEPT_SECONDS = {
    "samples": measurements.SAMPLES_KEPT,
    "measurements": measurements.MEASUREMENTS_KEPT,
    "decisions": retention.DECISIONS_KEPT,
    "runs": retention.RUNS_KEPT,
}
TIMES = {"samples": "period", "measurements": "period", "decisions": "since", "runs": "began", "changes": "began"}


def main(counts: tuple[int, ...]) -> None:
    for count in counts:
        with checked_stack() as checked:
            _year(checked, count)


def _year(checked: CheckedStack, count: int) -> None:
    keys = stacks(count)
    took = [sum(checked.check(keys, BEGAN + number * INTERVAL)) for number in range(CHECKS_A_DAY)]
    ran = sum(scale_runs(checked.ledger, checked.file, key) for key in keys)
    print(f"\n{count} stacks, one day: {_ms(took)} a check, {ran} changes of a count, {_size(checked)}")
    _copy(checked)
    now = BEGAN + 365 * DAY
    print(f"a year, nothing trimmed: {_size(checked)}")
    _queries(checked, count, now - INTERVAL)
    trimming = []
    while not trimming or _untrimmed(checked, now):
        trimming.append(sum(checked.check(keys, now)))
        now += INTERVAL
    took = f"{len(trimming)} checks ({INTERVAL * len(trimming) / 60:.0f} minutes)"
    print(f"trimmed by {took}, {_ms(trimming)} each: {_size(checked)}")
    _queries(checked, count, now - INTERVAL)


def _copy(checked: CheckedStack) -> None:
    """The day 364 times more; runs and changes with ids of their own that fit each other."""
    with sqlite3.connect(checked.file, isolation_level=None) as connection:
        last = {name: connection.execute(f"SELECT max(id) FROM {name}").fetchone()[0] for name in ("runs", "changes")}
        for table, columns in COPIED.items():
            for number in range(1, 365):
                ids = number * last.get(table, 0), number * last["runs"]
                shifted = columns.format(int(number * DAY), *ids)
                where = f"WHERE {TIMES[table]} < {BEGAN + DAY}"
                connection.execute(f"INSERT INTO {table} SELECT {shifted} FROM {table} {where}")


def _queries(checked: CheckedStack, count: int, now: float) -> None:
    keys, ledger = stacks(count), checked.ledger
    asked: dict[str, Callable[[], object]] = {
        "a check": lambda: checked.check(keys, now + INTERVAL),
        "rhythm of all": lambda: ledger.seasonality.past_demand(now, dict.fromkeys(keys, 30.0)),
        "last 20 decisions": lambda: ledger.decisions.recent(*keys[0], 20),
        "windows of a day": lambda: ledger.measurements.samples(*keys[0], now - DAY, now),
        "last 20 runs": lambda: ledger.runs.history(keys[0][0], 20),
        "means of 5 weeks": lambda: ledger.measurements.means(*keys[0], now - 35 * DAY, now),
    }
    for name, ask in asked.items():
        took = []
        for _ in range(5):
            start = time.perf_counter()
            ask()
            took.append(time.perf_counter() - start)
        print(f"  {name:18} {1000 * statistics.median(took):7.1f} ms")


def _untrimmed(checked: CheckedStack, now: float) -> bool:
    """Whether something is older than it is kept; whose newest are kept in any case has newer ones here."""
    with sqlite3.connect(checked.file) as connection:
        oldest = [
            connection.execute(f"SELECT min({TIMES[table]}) < ? FROM {table}", (now - seconds - 300,)).fetchone()[0]
            for table, seconds in KEPT_SECONDS.items()
        ]
    return any(oldest)


def _ms(times: list[float]) -> str:
    return f"median {1000 * statistics.median(times):.1f} ms, slowest {1000 * max(times):.0f} ms"


def _size(checked: CheckedStack) -> str:
    used = checked.in_use() / 1e6
    rows = []
    with sqlite3.connect(checked.file) as connection:
        for table in COPIED:
            rows.append(f"{connection.execute(f'SELECT count(*) FROM {table}').fetchone()[0]} {table}")
    return f"{used:.1f} MB in use, file {checked.file.stat().st_size / 1e6:.1f} MB; {', '.join(rows)}"
