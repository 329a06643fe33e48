"""Walk through the verbs: `python -m benchmarks.walks --walks 500`, or `--target local --walks 20`."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.simulate.seeds import quick_folder
from benchmarks.walks.local import LocalWalks, local_walks
from benchmarks.walks.memory import MemoryWalks
from benchmarks.walks.steps import steps_of


@contextmanager
def _walks(target: str) -> Iterator[LocalWalks | MemoryWalks]:
    if target == "local":
        with local_walks() as walks:
            yield walks
    else:
        with quick_folder() as folder:
            yield MemoryWalks(folder)


def main() -> int:
    """Print each failure with its seed and its steps, and what was walked. 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.walks", description=__doc__)
    parser.add_argument("--walks", type=int, default=500, help="how many walks")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--target", choices=("memory", "local"), default="memory", help="where the stack stands")
    given = parser.parse_args()
    seeds, began, failed = range(given.first, given.first + given.walks), time.monotonic(), list[int]()
    with _walks(given.target) as walks:
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
