"""How long each file of tests took: at the last run here, or else as it was measured for everybody.

`python -m tests.support.times TIER` prints what the lanes of the last run took, the slowest tests, and which failed.
`python -m tests.support.times TIER keep` makes the last run's times the ones for everybody.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

for_everybody = Path(__file__).with_name("times.json")
last_run = Path(__file__).parents[2] / "build" / "test-times"
SLOWEST = 10
pure_seconds, other_seconds = 0.02, 2.0
"""What a test is taken for that nobody has measured yet."""


@dataclass(frozen=True)
class LaneTimes:
    """What one lane of a run took, in seconds."""

    lane: str
    whole: float
    files: Mapping[str, float]
    tests: Mapping[str, float]
    """Of the slowest only."""
    failed: Sequence[str] = ()


def lane_times(lane: str, whole: float, tests: Mapping[str, float], failed: Iterable[str] = ()) -> LaneTimes:
    """The times of a lane, from those of its tests, and which of them failed."""
    files: dict[str, float] = defaultdict(float)
    for test, seconds in tests.items():
        files[test.partition("::")[0]] += seconds
    rounded = {path: round(seconds, 1) for path, seconds in files.items()}
    return LaneTimes(lane, whole, rounded, _slowest(tests.items()), list(failed))


def write(folder: Path, tier: str, times: LaneTimes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{tier}-{times.lane.replace('/', '-of-')}.json").write_text(json.dumps(asdict(times), indent=1))


def read(folder: Path, tier: str) -> list[LaneTimes]:
    return [LaneTimes(**json.loads(path.read_text())) for path in sorted(folder.glob(f"{tier}-*.json"))]


def known(tier: str, everybody: Path = for_everybody, last: Path = last_run) -> dict[str, float]:
    """The seconds of each file that was measured; what was measured here counts."""
    times: dict[str, float] = json.loads(everybody.read_text()).get(tier, {}) if everybody.exists() else {}
    for lane in read(last, tier):
        times |= lane.files
    return times


def told(lanes: Iterable[LaneTimes]) -> str:
    """The lanes, their slowest tests and those that failed, as a person reads them."""
    lanes = list(lanes)
    tests = {test: seconds for lane in lanes for test, seconds in lane.tests.items()}
    whole = [f"lane {lane.lane} took {lane.whole / 60:.1f} min" for lane in lanes]
    slowest = [f"{seconds:7.1f} s {test}" for test, seconds in _slowest(tests.items()).items()]
    failed = [f"  {test}" for lane in lanes for test in lane.failed]
    return "\n".join([", ".join(whole), "The slowest:", *slowest, *(["Failed:", *failed] if failed else [])])


def keep(tier: str) -> None:
    """Have the last run's times committed."""
    times = json.loads(for_everybody.read_text()) if for_everybody.exists() else {}
    files = {path: seconds for lane in read(last_run, tier) for path, seconds in lane.files.items() if seconds >= 1}
    times[tier] = dict(sorted(files.items()))
    for_everybody.write_text(json.dumps(times, indent=1) + "\n")


def _slowest(tests: Iterable[tuple[str, float]]) -> dict[str, float]:
    ordered = sorted(tests, key=lambda test: -test[1])
    return {name: round(seconds, 1) for name, seconds in ordered[:SLOWEST]}


if __name__ == "__main__":
    if sys.argv[2:] == ["keep"]:
        keep(sys.argv[1])
    else:
        print(told(read(last_run, sys.argv[1])))
