"""What is new in a log."""

import pytest

from tasks.base.log_lines import new_lines, whole_lines

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ("", "ab", "ab"),
        ("abc", "abc", ""),
        ("abc", "abcd", "d"),
        ("abc", "bcde", "de"),
        ("abc", "xyz", "xyz"),
        ("aaa", "aaab", "b"),
        ("abc", "", ""),
    ],
)
def test_only_what_is_new_is_told_again(before: str, after: str, new: str) -> None:
    assert list(new_lines(list(before), list(after))) == list(new)


def test_a_line_counts_once_it_is_ended() -> None:
    assert whole_lines("one\ntw", ended=False) == ["one"]
    assert whole_lines("one\ntw", ended=True) == ["one", "tw"]
    assert whole_lines("tw", ended=False) == whole_lines("", ended=True) == []
