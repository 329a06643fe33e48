"""python -m benchmarks.autoscale docker      ten times the users at once, on a Docker Engine, by a real control plane
python -m benchmarks.autoscale local       the same on supervised processes
python -m benchmarks.autoscale steady      ten minutes of a square wave and of noise, on supervised processes
python -m benchmarks.autoscale faults      sources and budgets that fail, and what becomes of the count
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.autoscale import steady, step
from tests.tasks.autoscaling.faults import every


def faults() -> None:
    """The table: replicas before, the fewest and most while it lasts, after it."""
    with tempfile.TemporaryDirectory(prefix="tenfold-") as folder:
        print(f"{'fault':44}  before | meanwhile | after")
        for told in every(Path(folder)):
            print(told, flush=True)


PARTS = {"docker": step.on_docker, "local": step.on_local, "steady": steady.main, "faults": faults}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
        sys.exit(__doc__)
    PARTS[sys.argv[1]]()
