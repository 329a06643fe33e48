"""What is new in a log."""

import pytest

from tasks.base.log_lines import last_lines, new_lines, whole_lines

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
        ("", "", ""),
        ("abc", "Lcd", "d"),
        ("Lbc", "Mbc", ""),
        ("Lbc", "Mbcd", "d"),
        ("Lbc", "Mcd", "d"),
        ("L", "Mb", "Mb"),
    ],
)
def test_only_what_is_new_is_told_again(before: str, after: str, new: str) -> None:
    assert list(new_lines(list(before), list(after))) == list(new)


def test_a_line_counts_once_it_is_ended() -> None:
    assert whole_lines("one\ntw", ended=False) == ["one"]
    assert whole_lines("one\ntw", ended=True) == ["one", "tw"]
    assert whole_lines("tw", ended=False) == whole_lines("", ended=True) == []


@pytest.mark.parametrize(
    ("data", "count", "whole", "text"),
    [
        (b"", 5, True, ""),
        (b"a\nb\nc\n", 2, True, "b\nc\n"),
        (b"a\nb\nc", 2, True, "b\nc"),
        (b"a\nb\nc\n", 9, True, "a\nb\nc\n"),
        (b"a\nb\n", 0, True, ""),
        (b"a\rb\x0bc\x85d\xe2\x80\xa8e\n", 1, True, "a\rb\x0bc\ufffdd\u2028e\n"),
        (b"half\nb\n", 1, False, "b\n"),
        (b"half\nb\n", 5, False, "[a line of more than 4 bytes is left out]\nb\n"),
        (b"half", 5, False, "[a line of more than 4 bytes is left out]"),
    ],
)
def test_the_last_lines_of_what_was_read(data: bytes, count: int, whole: bool, text: str) -> None:
    assert last_lines(data, count, whole=whole) == text
