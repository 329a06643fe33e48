"""The same stack on a Docker Engine by Tenfold, by its peers and by bare calls, in turn; medians.

python -m benchmarks.docker [--rounds N] [--only NAME,...]
"""

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import docker

from benchmarks.docker.ansible import Ansible
from benchmarks.docker.compose import Compose
from benchmarks.docker.floor import Floor, InOrder
from benchmarks.docker.measure import VERBS, StackTimes, whole_life
from benchmarks.docker.stack import Contender, Images, sweep
from benchmarks.docker.swarm import Swarm
from benchmarks.docker.tenfold import Tenfold
from tests.tasks.providers.docker.docker_world import alone

CONTENDERS: dict[str, Callable[[Images, Path], Contender]] = {
    "floor": Floor,
    "in-order": InOrder,
    "tenfold": Tenfold,
    "compose": Compose,
    "swarm": Swarm,
    "ansible": Ansible,
}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--only", default=",".join(CONTENDERS), help="of " + ", ".join(CONTENDERS))
    options = asked.parse_args()
    engine = docker.from_env()
    built_images = Images.of(engine)
    folder = Path(tempfile.mkdtemp(prefix="tenfold-benchmark-"))
    folder.chmod(0o711)
    taking_part: list[Contender] = [CONTENDERS[name](built_images, folder) for name in options.only.split(",")]
    lives: dict[str, list[StackTimes]] = {contender.name: [] for contender in taking_part}
    try:
        for number in range(1, options.rounds + 1):
            for contender in taking_part:
                with alone(engine):
                    sweep(engine)
                    lives[contender.name].append(whole_life(contender, built_images, str(number)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(table(lives))


def table(lives: dict[str, list[StackTimes]]) -> str:
    """Medians, as Markdown."""
    lines = [f"| | {' | '.join(VERBS)} | failed/sent | p50 ms | p99 ms |", "|---" * (len(VERBS) + 4) + "|"]
    for name, those in lives.items():
        cells = [f"{statistics.median(life.seconds[verb] for life in those):.2f}" for verb in VERBS]
        cells.append(f"{sum(life.load.failed for life in those)}/{sum(life.load.sent for life in those)}")
        cells += [f"{statistics.median(life.load.p50 for life in those):.0f}"]
        cells += [f"{statistics.median(life.load.p99 for life in those):.0f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
