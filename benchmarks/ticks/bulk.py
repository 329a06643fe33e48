"""One check of many stacks: how it grows with their number."""

import resource
import sqlite3
import statistics
import time

from benchmarks.ticks.checking import BEGAN, DAY, INTERVAL, checked_stack, stacks

ROUNDS = 7
WARM = 25
"""Checks until the forecasts have learned, and every memory has its length."""
PERIODS = range(-2, 3)
"""Five minutes each, around this time of each earlier day."""


def main(counts: tuple[int, ...]) -> None:
    print("stacks  read ms  decide ms  write ms  CPU ms  growth KB/check  peak MB")
    for count in counts:
        with checked_stack() as checked:
            keys = stacks(count)
            _remember_earlier_days(str(checked.file), [key[0] for key in keys])
            for number in range(-WARM, 1):
                checked.check(keys, BEGAN + number * INTERVAL)
            size = checked.in_use()
            cpu, times = time.process_time(), []
            for number in range(1, ROUNDS + 1):
                times.append(checked.check(keys, BEGAN + number * INTERVAL))
            cpu = (time.process_time() - cpu) / ROUNDS
            read, decide, write = (1000 * statistics.median(column) for column in zip(*times, strict=True))
            growth = (checked.in_use() - size) / ROUNDS / 1000
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
            print(
                f"{count:6}  {read:7.1f}  {decide:9.1f}  {write:8.1f}  {1000 * cpu:6.1f}  {growth:15.1f}  {peak:7.0f}",
                flush=True,
            )


def _remember_earlier_days(file: str, names: list[str]) -> None:
    """What the rhythm is read from, at once: five weeks of checks would take as long."""
    rows = [
        (int(BEGAN - days * DAY) + 300 * period, name, "web", 300.0, 320.0, 400.0, 80.0, 100.0, 0.3, 0.4, 12.0)
        for days in (1, 7, 14, 21, 28)
        for period in PERIODS
        for name in names
    ]
    with sqlite3.connect(file) as connection:
        connection.executemany(f"INSERT INTO measurements VALUES ({', '.join('?' * 11)})", rows)
