"""Demand that swings or trembles for ten minutes: how often is the count changed?

Two stacks beside one another, each under an open loop of its own. `wave`: two minutes of 10 requests/s, two of 40, and
so on. `noise`: 30 requests/s, each second another rate, evenly spread over 15 % below and above. Each request makes the
app wait 0.2 s, and one replica serves 1.4 at once well. The first minute, in which a stack finds from one replica to
what it needs at all, is counted apart.
"""

import time
from pathlib import Path
from typing import Any

from benchmarks.autoscale.running_stack import RunningStack, provisioned
from benchmarks.load import Load, Result, load

PATH = "/slow?seconds=0.2"
LOW, HIGH, STEADY = 10.0, 40.0, 30.0
HALF_WAVE, FIRST_SECONDS, SECONDS = 120.0, 60.0, 600.0


def main() -> None:
    """Both at once, on supervised processes."""
    folder = str(Path(__file__).parents[2] / "examples" / "app")
    web = {"command": "python app.py", "folder": folder, "port": 8000, "capacity": 1.4,
           "replicas": {"min": 1, "max": 12}}  # fmt: skip
    specs: list[dict[str, Any]] = [
        {"name": name, "target": {"provider": "local"}, "services": {"web": web}} for name in ("wave", "noise")
    ]
    with provisioned(*specs) as (wave, noise):
        began, extra = time.time(), list[Result]()
        with load(wave.url + PATH, LOW) as calm, load(noise.url + PATH, STEADY, shaky=True) as trembling:
            _swing(wave, extra)
        for running_stack, results in ((wave, [*calm, *extra]), (noise, trembling)):
            _tell(running_stack, began, results)


def _swing(wave: RunningStack, results: list[Result]) -> None:
    """The other half of the wave's requests, every other two minutes."""
    end = time.monotonic() + FIRST_SECONDS + SECONDS
    time.sleep(HALF_WAVE)
    while time.monotonic() < end:
        load = Load.started(wave.url + PATH, HIGH - LOW)
        time.sleep(min(HALF_WAVE, max(0.0, end - time.monotonic())))
        results.append(load.stop())
        time.sleep(min(HALF_WAVE, max(0.0, end - time.monotonic())))


def _tell(place: RunningStack, began: float, results: list[Result]) -> None:
    decided = place.decided(began)
    later = [record for record in decided if record.decision.at - began > FIRST_SECONDS]
    failed, sent = sum(result.failed for result in results), sum(result.sent for result in results)
    print(f"{place.stack.name}: {len(decided) - len(later)} actions in the first minute, {len(later)} in the ten after")
    for record in decided:
        print(f"  {record.decision.at - began:4.0f} s: {record.decision}")
    print(f"  failed: {failed} of {sent}", flush=True)
