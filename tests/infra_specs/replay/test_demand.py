"""The users that there were."""

import pytest

from infra_specs.errors import SpecError
from infra_specs.replay.demand import Window, from_table, windows

pytestmark = pytest.mark.pure


def test_a_table_of_requests_by_littles_law() -> None:
    text = "time,requests\n08:00,30\n08:01,60\n\n08:02,0\n"
    assert from_table(text, 60, 0.5, "a.csv") == ((0, 0.5, 0.25), (60, 1.0, 0.5), (120, 0.0, 0.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("requests\n5\nmany\n", "a.csv, line 3: found `many`, must be the number of requests."),
        ("5\n-1\n", "a.csv, line 2: found `-1`, must be the number of requests, 0 or more."),
        ("5\nnan\n", "a.csv, line 2: found `nan`, must be the number of requests, 0 or more."),
        ("requests\n5\n", "a.csv has fewer than two lines with a number of requests."),
        ("", "a.csv has fewer than two lines with a number of requests."),
    ],
)
def test_a_table_with_a_fault_is_refused(text: str, said: str) -> None:
    with pytest.raises(SpecError) as refused:
        from_table(text, 60, 0.5, "a.csv")
    assert str(refused.value) == said


def test_windows_lie_on_the_lines_between_points() -> None:
    assert windows([(0, 10, 2), (60, 20, 4), (75, 0, 0)], 15) == (
        Window(0, 10, 2), Window(15, 12.5, 2.5), Window(30, 15, 3), Window(45, 17.5, 3.5), Window(60, 20, 4),
    )  # fmt: skip


def test_what_is_not_known_is_taken_in_proportion() -> None:
    points = [(0.0, 10.0, 2.0), (15.0, None, 4.0), (30.0, 5.0, None), (45.0, None, None), (60.0, 0.0, 0.0)]
    assert [(window.requests_per_second, window.in_flight) for window in windows(points, 15)] == [
        (10, 2), (20, 4), (5, 1), (2.5, 0.5),
    ]  # fmt: skip
