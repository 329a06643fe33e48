"""A busy worker behind our proxy with one replica at most and with three, and behind nginx, all in one run.

python -m benchmarks.busy_worker [SECONDS] [WORK]

Each gets 5 requests a second for SECONDS (180), and each request keeps a worker busy for WORK seconds (20).
"""

import asyncio
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.autoscale.running_stack import provisioned
from benchmarks.busy_worker.clients import Outcome, ask_at
from benchmarks.busy_worker.nginx import in_front_of_the_app

RATE = 5.0
_FOLDER = Path(__file__).parent


def spec(most: int, work: float, read: Path) -> Mapping[str, Any]:
    """A stack of one service with so many replicas at most. A worker serves one request at a time."""
    web = {
        "command": f"{sys.executable} app.py",
        "folder": str(_FOLDER),
        "port": 8000,
        "capacity": 1,
        "replicas": {"min": 1, "max": most},
        "env": {"WORK": f"{work:g}", "READ": str(read)},
    }
    return {"name": f"busy-{most}", "target": {"provider": "local"}, "services": {"web": web}}


async def _all(urls: Mapping[str, tuple[str, Path]], seconds: float) -> dict[str, Outcome]:
    outcomes = await asyncio.gather(*(ask_at(url, RATE, seconds, read) for url, read in urls.values()))
    return dict(zip(urls, outcomes, strict=True))


def main(seconds: float, work: float) -> None:
    """Print what became of the requests of each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)  # the apps run as accounts of their stacks
        one, three, beside = (folder / part for part in ("one", "three", "nginx"))
        for read in (one, three):
            read.touch()
            read.chmod(0o666)
        with (
            provisioned(spec(1, work, one), spec(3, work, three)) as (single, several),
            in_front_of_the_app(work, beside) as nginx,
        ):
            urls = {"max: 1": (single.url, one), "max: 3": (several.url, three), "nginx": (nginx, beside)}
            for label, outcome in asyncio.run(_all(urls, seconds)).items():
                print(f"{label}: {outcome}", flush=True)


if __name__ == "__main__":
    words = [float(word) for word in sys.argv[1:]]
    main(*(*words, *(180.0, 20.0)[len(words) :]))
