"""A file with pure tests is known by its text, and each is in one lane."""

from pathlib import Path

import pytest

from tests.support.lanes import Lane
from tests.support.pure_files import pure_files
from tests.support.tiers import collected

pytestmark = pytest.mark.pure
ROOT = Path(__file__).parents[2]


def test_only_files_with_the_mark_are_taken(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "tasks"
    folder.mkdir(parents=True)
    for name, text in {
        "test_whole.py": "pytestmark = pytest.mark.pure\ndef test_a(): ...\n",
        "test_partly.py": "@pytest.mark.pure\ndef test_b(): ...\n",
        "test_among_others.py": "pytestmark = [pytest.mark.prefect, pytest.mark.pure]\n",
        "test_local.py": "pytestmark = pytest.mark.local\n",
        "helper.py": "pytest.mark.pure\n",
    }.items():
        (folder / name).write_text(text)
    names = {path.name for path in pure_files(tmp_path, Lane(1, 1), {})}
    assert names == {"test_whole.py", "test_partly.py", "test_among_others.py"}


def test_a_slow_file_has_a_lane_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    for name in "abcd":
        (tmp_path / "tests" / f"test_{name}.py").write_text("pytestmark = pytest.mark.pure\ndef test_it(): ...\n")
    lanes = [pure_files(tmp_path, Lane(number, 2), {"tests/test_c.py": 30.0}) for number in (1, 2)]
    assert {tmp_path / "tests" / "test_c.py"} in lanes
    assert {path.name for lane in lanes for path in lane} == {"test_a.py", "test_b.py", "test_c.py", "test_d.py"}
    assert not lanes[0] & lanes[1]


def test_no_pure_test_is_in_another_file(request: pytest.FixtureRequest) -> None:
    known = pure_files(ROOT, Lane(1, 1), {})
    items = request.config.stash[collected]
    assert {item.path for item in items if item.get_closest_marker("pure")} <= known
