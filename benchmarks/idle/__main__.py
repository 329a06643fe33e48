"""What the control plane costs at rest, by process; and bare Prefect that runs an empty flow as often.

python -m benchmarks.idle [--minutes 10] [--stacks 1] [--target local|memory] [--bare] [--busy]
"""

import argparse
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.autoscale.running_stack import done
from benchmarks.control_plane import Api, plane
from benchmarks.idle.bare import bare_prefect
from benchmarks.idle.overload import busy_cores, watched_checks
from benchmarks.idle.processes import Sample, peak_memory, rows, sample
from tasks.base.settings import settings

SAMPLE_SECONDS = 5.0
SETTLE_SECONDS = 45.0
"""Before the first sample: what a start leaves to be done is done by then."""
APART = ("stacks", "supervisors of stacks")
"""Roles that are no part of the control plane."""
APP = Path(__file__).parents[2] / "examples" / "app"


def main() -> None:
    """Measure, and print a table for each of the two."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--minutes", type=float, default=10.0)
    asked.add_argument("--stacks", type=int, default=1)
    asked.add_argument("--target", choices=("local", "memory"), default="local")
    asked.add_argument("--bare", action="store_true", help="measure bare Prefect as well, on the same schedules")
    asked.add_argument("--busy", action="store_true", help="with a loop on every core: how late checks are then")
    options = asked.parse_args()
    with running_stacks(options.stacks, options.target) as api:
        intervals = schedules(api)
        if options.busy:
            with busy_cores(), watched_checks(api) as seen:
                samples = measured(settings().home, options.minutes)
            print(f"\n{os.cpu_count()} busy loops on {os.cpu_count()} cores: {seen}")
            _tell(f"Tenfold, {options.stacks} stacks on {options.target}, overloaded", samples, options.minutes)
            return
        _tell(
            f"Tenfold, {options.stacks} stacks on {options.target}",
            measured(settings().home, options.minutes),
            options.minutes,
        )
    if options.bare:
        with bare_prefect(intervals) as home:
            every = ", ".join(f"{seconds:g}" for seconds in intervals)
            _tell(f"bare Prefect, an empty flow every {every} s", measured(home, options.minutes), options.minutes)


@contextmanager
def running_stacks(count: int, target: str) -> Iterator[Api]:
    """A control plane with so many stacks of one service each, until the block ends."""
    names = [f"idle-{number}" for number in range(count)]
    with plane() as served:
        api = Api(served)
        try:
            for name in names:
                done(api, "provision", {"spec": _spec(name, target), "source": "/"})
            yield api
        finally:
            for name in names:
                done(api, "teardown", {"stack": name, "delete_data": True, "wait": True})
            shutil.rmtree(settings().home / "stacks", ignore_errors=True)


def _spec(name: str, target: str) -> dict[str, Any]:
    web = {"command": "python app.py", "folder": str(APP), "port": 8000, "replicas": {"min": 1, "max": 4}}
    return {"name": name, "target": {"provider": target}, "services": {"web": web}}


def schedules(api: Api) -> list[float]:
    """The intervals in seconds of all schedules that are active."""
    deployments = api.http.post("/deployments/filter", json={}).raise_for_status().json()
    kept = [schedule for deployment in deployments for schedule in deployment["schedules"] if schedule["active"]]
    return sorted(float(schedule["schedule"]["interval"]) for schedule in kept)


def measured(home: Path, minutes: float) -> list[Sample]:
    """Samples over so many minutes."""
    time.sleep(SETTLE_SECONDS)
    samples, end = [sample(home)], time.monotonic() + 60 * minutes
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(SAMPLE_SECONDS, left))
        samples.append(sample(home))
    return samples


def _tell(title: str, samples: Sequence[Sample], minutes: float) -> None:
    hours = minutes / 60
    print(f"\n{title}, {minutes:g} minutes\n")
    print("| process | CPU s an hour | of a core | memory (PSS), peak | written an hour |\n|---|---|---|---|---|")
    own = [row for row in rows(samples) if row.role not in APART]
    for row in rows(samples):
        _tell_row(row.role, row.seconds / hours, row.memory, row.written / hours)
    memory = peak_memory(samples, {row.role for row in own})
    _tell_row("control plane", sum(r.seconds for r in own) / hours, memory, sum(r.written for r in own) / hours)


def _tell_row(role: str, seconds: float, memory: int, written: float) -> None:
    print(
        f"| {role} | {seconds:.0f} | {seconds / 36:.2f} % | {memory / 1e6:.0f} MB | {written / 1e6:.1f} MB |",
        flush=True,
    )


if __name__ == "__main__":
    main()
