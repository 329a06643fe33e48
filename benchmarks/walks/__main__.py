"""Walk through the verbs: `python -m benchmarks.walks --walks 500`."""

import argparse
import sys
import time
from collections import Counter

from benchmarks.simulate.seeds import quick_folder
from benchmarks.walks.memory import MemoryWalks
from benchmarks.walks.steps import steps_of


def main() -> int:
    """Print each failure with its seed and its steps, and what was walked. 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.walks", description=__doc__)
    parser.add_argument("--walks", type=int, default=500, help="how many walks")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    given = parser.parse_args()
    seeds, began, failed = range(given.first, given.first + given.walks), time.monotonic(), list[int]()
    with quick_folder() as folder:
        walks = MemoryWalks(folder)
        for seed in seeds:
            if failure := walks.walk(seed):
                failed.append(seed)
                print(f"FAILED, {failure}\n", flush=True)
    verbs = Counter(step.verb for seed in seeds for step in steps_of(seed))
    counts = ", ".join(f"{count} {verb}" for verb, count in verbs.most_common())
    ended = f"{len(failed)} failed: {failed}" if failed else "none failed"
    print(f"{len(seeds)} walks, {sum(verbs.values())} steps ({counts}) in {time.monotonic() - began:.1f} s: {ended}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
