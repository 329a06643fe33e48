"""The times of the last run: what they are made of, what counts, and what a person is told."""

import json
from pathlib import Path

import pytest

from tests.support.times import known, lane_times, read, told, write

pytestmark = pytest.mark.pure
first = lane_times("1/2", 90, {"a.py::one": 30.04, "a.py::two[x::y]": 10, "b.py::three": 45})
second = lane_times("2/2", 60, {"c.py::four": 59})


def test_a_files_time_is_that_of_its_tests(tmp_path: Path) -> None:
    write(tmp_path, "test", first)
    write(tmp_path, "test", second)
    write(tmp_path, "proof", lane_times("1/2", 5, {"a.py::slow": 5}))
    assert read(tmp_path, "test") == [first, second]
    assert known("test", tmp_path / "none.json", tmp_path) == {"a.py": 40.0, "b.py": 45, "c.py": 59}


def test_what_was_measured_here_counts_and_the_rest_is_everybodys(tmp_path: Path) -> None:
    everybody = tmp_path / "times.json"
    everybody.write_text(json.dumps({"test": {"a.py": 1, "z.py": 7}}))
    write(tmp_path / "last", "test", first)
    assert known("test", everybody, tmp_path / "last") == {"a.py": 40.0, "b.py": 45, "z.py": 7}
    assert known("proof", everybody, tmp_path / "last") == {}


def test_the_slowest_of_all_lanes_are_told() -> None:
    lines = told([first, second]).splitlines()
    assert lines[0] == "lane 1/2 took 1.5 min, lane 2/2 took 1.0 min"
    assert lines[2:4] == ["   59.0 s c.py::four", "   45.0 s b.py::three"]


def test_what_failed_is_told_last() -> None:
    broken = lane_times("2/2", 60, {"c.py::four": 59}, {"c.py::four": None})
    assert told([first, broken]).splitlines()[-2:] == ["Failed:", "  c.py::four"]
    assert "Failed:" not in told([first, second])
