"""Lanes are equally long, as far as files can be told apart and share nothing."""

import pytest

from tests.support.lanes import FileTime, Lane, lane_of_each

pytestmark = pytest.mark.pure


def files(*seconds: float) -> list[FileTime]:
    return [FileTime(f"test_{number}.py", time) for number, time in enumerate(seconds)]


def test_the_longest_comes_first_and_goes_where_least_is() -> None:
    assert list(lane_of_each(files(1, 5, 3, 3), 2).items()) == [
        ("test_1.py", 1), ("test_2.py", 2), ("test_3.py", 2), ("test_0.py", 1),
    ]  # fmt: skip


def test_the_order_of_the_files_is_of_no_consequence() -> None:
    given = files(2, 2, 2, 7, 1, 1)
    assert lane_of_each(given, 2) == lane_of_each(given[::-1], 2)


def test_what_is_shared_is_in_one_lane() -> None:
    engine = [FileTime("a.py", 4, "engine"), FileTime("b.py", 4, "engine"), FileTime("c.py", 4, "plane")]
    lanes = lane_of_each([*engine, FileTime("d.py", 3)], 2)
    assert lanes == {"a.py": 1, "b.py": 1, "c.py": 2, "d.py": 2}


def test_one_lane_has_everything() -> None:
    assert set(lane_of_each(files(1, 2, 3), 1).values()) == {1}


def test_a_lane_is_written_as_a_fraction() -> None:
    assert (Lane.parsed("2/3"), str(Lane(2, 3))) == (Lane(2, 3), "2/3")
    for wrong in ("", "2", "0/2", "3/2", "a/b", "1/"):
        with pytest.raises(ValueError, match="a lane is written 1/2"):
            Lane.parsed(wrong)
