"""Which files of a lane hold pure tests, told from their text: a run of them imports no other file."""

import re
from collections.abc import Mapping
from pathlib import Path

from tests.support.lanes import FileTime, Lane, lane_of_each
from tests.support.times import pure_seconds

_MARK = re.compile(r"\bpytest\.mark\.pure\b")
_TEST = re.compile(r"^(async )?def test_", re.MULTILINE)


def pure_files(root: Path, lane: Lane, seconds: Mapping[str, float]) -> set[Path]:
    """The files below `root`/tests for one lane. `seconds` has the measured time of a file, by its path from `root`."""
    texts = {path: path.read_text(encoding="utf-8") for path in (root / "tests").rglob("test_*.py")}
    times = {
        path: FileTime(name, seconds.get(name, pure_seconds * len(_TEST.findall(text))))
        for path, text in texts.items()
        if _MARK.search(text)
        for name in (path.relative_to(root).as_posix(),)
    }
    lanes = lane_of_each(list(times.values()), lane.total)
    return {path for path, time in times.items() if lanes[time.path] == lane.number}
