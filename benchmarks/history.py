"""How a stack's history weighs: releases and runs on the disk, and in a processor's seconds of the commands that
read it.

python -m benchmarks.history
"""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.simulate.seeds import quick_folder
from infra_specs.releases.manifest import ReleaseManifest, manifest_of, with_absolute_paths
from infra_specs.stackfile.reading.load import from_data
from tasks.base.settings import Settings
from tasks.ledger import Lease, Ledger, Owner

SIZES = ((0, 0), (50, 200), (500, 2000))
"""Releases and runs."""
COMMANDS = (("status",), ("history", "shop"), ("plan", "shop"), ("releases", "shop"))
ROUNDS = 2
SPEC: dict[str, Any] = {
    "name": "shop",
    "target": {"provider": "memory"},
    "services": {"web": {"command": "run", "port": 80, "replicas": 2}},
}


def main() -> None:
    print("releases  runs  ledger on disk  " + "  ".join(" ".join(words[:1]) for words in COMMANDS))
    for releases, runs in SIZES:
        with quick_folder() as folder:
            home = folder / "home"
            with Ledger.open(Settings(home=home)) as ledger:
                _fill(ledger, releases, runs)
            size = sum(path.stat().st_size for path in home.glob("ledger.db*"))
            seconds = "  ".join(f"{_seconds(home, words):.2f} s" for words in COMMANDS)
            print(f"{releases:8}  {runs:4}  {size / 1e6:11.1f} MB  {seconds}", flush=True)


def _fill(ledger: Ledger, releases: int, runs: int) -> None:
    stack = from_data(SPEC)
    with _locked(ledger) as lease:
        ledger.stacks.set_desired(lease, "shop", stack.model_dump(mode="json", by_alias=True), "/srv")
        for number in range(releases):
            content = _content(number)
            release = ledger.releases.begin(lease, "deploy", "web: env changed", content=content, file=content)
            ledger.releases.prove(lease, release.number)
        for _ in range(runs):
            run = ledger.runs.begin(lease, "deploy", "web: env changed", {"summary": "4 created", "waves": []})
            for _ in range(4):
                details = {"action": "create", "address": "replica/web-0", "reason": "env changed", "text": "+ web-0"}
                ledger.runs.outcome(lease, ledger.runs.intend(lease, run, details), "done", "", 0.1)
            ledger.runs.finish(lease, run, "done", "4 created")


def _content(number: int) -> ReleaseManifest:
    services = {"web": {**SPEC["services"]["web"], "env": {"NUMBER": str(number)}}}
    return manifest_of(with_absolute_paths(from_data({**SPEC, "services": services}), "/srv"), {})


@contextmanager
def _locked(ledger: Ledger) -> Iterator[Lease]:
    lease = ledger.locks.acquire("shop", Owner.here("deploy"), 3600)
    yield lease
    ledger.locks.release(lease)


def _seconds(home: Path, words: tuple[str, ...]) -> float:
    """Of a processor, for the whole command; the best of some."""
    code = "import sys; from deployments.cli import main; sys.argv = ['tenfold', *sys.argv[1:]]; main()"
    environment = {"TENFOLD_HOME": str(home), "PATH": "/usr/bin:/bin"}
    best = float("inf")
    for _ in range(ROUNDS):
        began = _spent()
        ended = subprocess.run(
            [sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True, check=False
        )
        assert not ended.returncode, ended.stderr
        best = min(best, _spent() - began)
    return best


def _spent() -> float:
    """Seconds of a processor that ended children took."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
