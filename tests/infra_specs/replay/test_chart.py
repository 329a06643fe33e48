"""The picture of a replay."""

import re

import pytest

from infra_specs.replay.chart import Line, in_blocks, svg

pytestmark = pytest.mark.pure


def moments(began: float, windows: int) -> list[str]:
    """What is written below the picture."""
    return re.findall(r'y="282\.?0?"[^>]*>([^<]+)<', drawn(began, windows))


def drawn(began: float, windows: int) -> str:
    return svg("web of shop", [1.0] * windows, [Line("policy", [2] * windows)], began, 15.0)


def test_moments_are_of_utc() -> None:
    assert moments(1_767_571_200.0, 5760) == ["Jan 05 00:00", "Jan 05 12:00", "Jan 06 00:00"]


def test_a_table_without_times_says_how_long_after_its_beginning() -> None:
    assert moments(0.0, 960) == ["0 h", "2 h", "4 h"]
    assert moments(0.0, 360) == ["0 h", "0.75 h", "1.5 h"]
    assert moments(0.0, 4 * 5760) == ["0 d", "2 d", "4 d"]
    assert moments(0.0, 5760) == ["0 h", "12 h", "24 h"]


def test_blocks_are_as_high_as_what_they_stand_for() -> None:
    assert in_blocks([0, 4, 8], 8, 3) == " ▄█"
