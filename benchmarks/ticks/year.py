"""A year of checks every 15 seconds: what is left of it, and how fast it answers.

One day is checked for real. The other 364 are copies of what that day left, made by the database: untrimmed, the whole
year. Then checks go on until nothing is left to trim, as they would have all along.
"""

import sqlite3
import statistics
import time
from collections.abc import Callable

from benchmarks.ticks.checking import Place, began, day, interval, place, stacks

checks_a_day = int(day / interval)
copied = {
    "samples": "period + {0}, stack, service, windows",
    "measurements": "period + {0}, stack, service, seconds, requests_per_second, most_requests_per_second, in_flight, "
    "most_in_flight, latency, most_latency, serving",
    "decisions": "NULL, stack, service, since + {0}, until + {0}, checks, before, replicas, mode, reason, shape, data, "
    "flow_run_id",
}


def main(counts: tuple[int, ...]) -> None:
    for count in counts:
        with place() as here:
            _year(here, count)


def _year(here: Place, count: int) -> None:
    keys = stacks(count)
    times = [sum(here.check(keys, began + number * interval)) for number in range(checks_a_day)]
    actions = len([one for one in here.ledger.decisions(*keys[0], 10_000) if one.decision.changes])
    print(f"\n{count} stacks, one day: {_ms(times)} a check, {actions} changes of the first stack, {_size(here)}")
    with sqlite3.connect(here.file, isolation_level=None) as connection:
        for table, columns in copied.items():
            for number in range(1, 365):
                shifted = columns.format(int(number * day))
                where = f"WHERE {'period' if table != 'decisions' else 'since'} < {began + day}"
                connection.execute(f"INSERT INTO {table} SELECT {shifted} FROM {table} {where}")
    now = began + 365 * day
    print(f"a year, nothing trimmed: {_size(here)}")
    _queries(here, count, now - interval)
    trimming = []
    while not trimming or _untrimmed(here, now):
        trimming.append(sum(here.check(keys, now)))
        now += interval
    took = f"{len(trimming)} checks ({interval * len(trimming) / 60:.0f} minutes)"
    print(f"trimmed by {took}, {_ms(trimming)} each: {_size(here)}")
    _queries(here, count, now - interval)


def _queries(here: Place, count: int, now: float) -> None:
    keys, ledger = stacks(count), here.ledger
    asked: dict[str, Callable[[], object]] = {
        "a check": lambda: here.check(keys, now + interval),
        "rhythm of all": lambda: ledger.rhythm(now, dict.fromkeys(keys, 30.0)),
        "last 20 decisions": lambda: ledger.decisions(*keys[0], 20),
        "windows of a day": lambda: ledger.samples(*keys[0], now - day, now),
        "means of 5 weeks": lambda: ledger.measurements(*keys[0], now - 35 * day, now),
    }
    for name, ask in asked.items():
        times = []
        for _ in range(5):
            start = time.perf_counter()
            ask()
            times.append(time.perf_counter() - start)
        print(f"  {name:18} {1000 * statistics.median(times):7.1f} ms")


def _untrimmed(here: Place, now: float) -> bool:
    with sqlite3.connect(here.file) as connection:
        oldest = [
            connection.execute(f"SELECT min(period) < ? FROM {table}", (now - kept * day - 300,)).fetchone()[0]
            for table, kept in (("samples", 2), ("measurements", 35))
        ]
    return any(oldest)


def _ms(times: list[float]) -> str:
    return f"median {1000 * statistics.median(times):.1f} ms, slowest {1000 * max(times):.0f} ms"


def _size(here: Place) -> str:
    used = here.in_use() / 1e6
    rows = []
    with sqlite3.connect(here.file) as connection:
        for table in copied:
            rows.append(f"{connection.execute(f'SELECT count(*) FROM {table}').fetchone()[0]} {table}")
    return f"{used:.1f} MB in use, file {here.file.stat().st_size / 1e6:.1f} MB; {', '.join(rows)}"
