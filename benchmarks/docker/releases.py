"""Ten releases in a row under 200 requests a second, some of them broken on purpose: who meets a failure?

python -m benchmarks.docker.releases [--rounds N]

Half of the load keeps its connections, the other half makes a new one for each request. `crash` ends at once, `sick`
runs and never answers its health check; what served before must go on serving, and the deploy must undo itself.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import docker

from benchmarks.docker.judge import Condition, Judge
from benchmarks.docker.measure import CALM_SECONDS, FEW, PATH, RATE, url
from benchmarks.docker.stack import Images, sweep
from benchmarks.docker.tenfold import Tenfold
from benchmarks.load import Load, Result
from infra_specs.errors import ChangeFailed
from tasks.providers.docker.health.tracker import BOOT_SECONDS
from tests.tasks.providers.docker.docker_world import alone

ROW = ("2", "1", "crash", "2", "1", "sick", "2", "crash", "1", "2")


@dataclass(frozen=True, slots=True)
class Release:
    """How one ended: after so many seconds, undone or not."""

    image: str
    seconds: float
    undone: bool


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=1)
    options = asked.parse_args()
    engine = docker.from_env()
    built_images = Images.of(engine)
    folder = Path(tempfile.mkdtemp(prefix="tenfold-benchmark-"))
    folder.chmod(0o711)
    try:
        for _ in range(options.rounds):
            with alone(engine):
                sweep(engine)
                released, results = ten_in_a_row(Tenfold(built_images, folder), built_images)
                print(_summary(released, results), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ten_in_a_row(tenfold: Tenfold, here: Images) -> tuple[list[Release], list[Result]]:
    """Up, the releases under load, down."""
    tenfold.prepare()
    try:
        tenfold.up(FEW, here.app("1"))
        _seen(Condition(here.app("1"), FEW))
        under = [Load.started(url(PATH), RATE / 2), Load.started(url(PATH), RATE / 2, new=True)]
        released = []
        try:
            time.sleep(CALM_SECONDS)
            for number, release in enumerate(ROW, 1):
                done = _release(tenfold, here, release)
                released.append(done)
                outcome = f"undone after {done.seconds:.1f} s" if done.undone else f"{done.seconds:.2f} s"
                print(f"{number}: {release} {outcome}", flush=True)
            time.sleep(CALM_SECONDS)
        finally:
            results = [load.stop() for load in under]
        return released, results
    finally:
        tenfold.down()
        tenfold.leave()


def _release(tenfold: Tenfold, here: Images, release: str) -> Release:
    image = here.here["tenfold-tiny:sick"] if release == "sick" else here.app(release)
    broken = release in ("sick", "crash")
    began = time.monotonic()
    try:
        tenfold.release(image)
    except ChangeFailed:
        if not broken:
            raise
    else:
        if broken:
            raise RuntimeError(f"{release} was not refused")
    return Release(release, time.monotonic() - began, broken)


def _seen(condition: Condition) -> None:
    Judge.looking(condition).moment()


def _summary(released: list[Release], results: list[Result]) -> str:
    good = [release.seconds for release in released if not release.undone]
    bad = {release.image: release.seconds for release in released if release.undone}
    lines = [f"{len(good)} good releases: median {statistics.median(good):.2f} s, slowest {max(good):.2f} s"]
    lines += [f"{image}: undone after {seconds:.1f} s (given {BOOT_SECONDS:g} s to answer)"
              for image, seconds in bad.items()]  # fmt: skip
    lines += [f"{kind}: {result}, over {result.seconds:.0f} s"
              for kind, result in zip(("kept connections", "new connections"), results, strict=True)]  # fmt: skip
    failed, sent = sum(result.failed for result in results), sum(result.sent for result in results)
    return "\n".join([*lines, f"{failed} failed requests of {sent}"])


if __name__ == "__main__":
    main()
