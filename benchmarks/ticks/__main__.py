"""python -m benchmarks.ticks bulk [STACKS...]    one check of so many stacks (1 10 100 1000): time, memory, growth
python -m benchmarks.ticks whole [STACKS...]   the same with specs read and pretended proxies asked
python -m benchmarks.ticks year [STACKS...]    a year of checks (1 10): sizes and times before and after trimming

All with SQLite, simulated sources, bulk and year with a simulated clock; decisions are the real ones.
"""

import sys

from benchmarks.ticks import bulk, whole, year

PARTS = {
    "bulk": (bulk.main, (1, 10, 100, 1000)),
    "whole": (whole.main, (1, 10, 100, 1000)),
    "year": (year.main, (1, 10)),
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in PARTS:
        sys.exit(__doc__)
    run, usual = PARTS[sys.argv[1]]
    run(tuple(map(int, sys.argv[2:])) or usual)
