"""Run the simulator on many seeds: `python -m benchmarks.simulate --seeds 1000`."""

import argparse
import subprocess
import sys
import time
from collections import Counter

from benchmarks.simulate.events import Command, events_of
from benchmarks.simulate.seeds import quick_folder, simulate


def main() -> int:
    """Print what was run, and each failure with its seed, the commit and the events up to it. 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds are run")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them")
    given = parser.parse_args()
    seeds, began, failed = range(given.first, given.first + given.seeds), time.monotonic(), list[int]()
    with quick_folder() as folder:
        for seed in seeds:
            if failure := simulate(seed, folder):
                failed.append(seed)
                print(f"FAILED at commit {_commit()}, {failure}\n", flush=True)
    print(_summary(seeds, failed, time.monotonic() - began))
    return 1 if failed else 0


def _summary(seeds: range, failed: list[int], seconds: float) -> str:
    events = [event for seed in seeds for event in events_of(seed)]
    verbs = Counter(event.verb if isinstance(event, Command) else "drift or silence" for event in events)
    kinds = ", ".join(f"{count} {verb}" for verb, count in verbs.most_common())
    ended = f"{len(failed)} failed: {', '.join(map(str, failed))}" if failed else "none failed"
    return f"{len(seeds)} seeds, {len(events)} events ({kinds}) in {seconds:.1f} s at commit {_commit()}: {ended}"


def _commit() -> str:
    answer = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
