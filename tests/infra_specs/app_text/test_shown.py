"""Lines, tails and messages of an app, fit to be shown."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_specs.app_text.shown import (
    LINE_BYTES,
    MESSAGE_BYTES,
    TAIL_BYTES,
    lines_of,
    parts,
    shown_line,
    shown_message,
    shown_tail,
    shown_text,
)

pytestmark = pytest.mark.pure
texts = st.text(st.characters(), max_size=200) | st.sampled_from(["x" * 9000, "€\n" * 30_000, "\x1b" * 5000])


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a\tb", "a\tb"),
        ("größer € 漢字 👩‍💻", "größer € 漢字 👩‍💻"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("a\0b", r"a\x00b"),
        ("10%\r20%", r"10%\r20%"),
        ("\b\x7f", r"\x08\x7f"),
        ("a\u202eb\u2066c\u200fd\u061c", r"a\u202eb\u2066c\u200fd\u061c"),
        ("a\u200bb\ufeffc\u2028d\U000e0041", r"a\u200bb\ufeffc\u2028d\U000e0041"),
        ("half \ud800", r"half \ud800"),
        (r"written as \x1b", r"written as \x1b"),
    ],
)
def test_a_character_that_steers_a_terminal_is_shown(line: str, shown: str) -> None:
    assert shown_line(line) == shown


@pytest.mark.parametrize(
    ("line", "cut", "shown"),
    [
        ("x" * LINE_BYTES, 0, "x" * LINE_BYTES),
        ("x" * (LINE_BYTES + 1), 0, "x" * (LINE_BYTES - 22) + " [23 bytes more cut]"),
        ("x" * 4 * 2**20, 0, "x" * (LINE_BYTES - 25) + " [4186137 bytes more cut]"),
        ("x" * LINE_BYTES, 1000, "x" * (LINE_BYTES - 22) + " [1022 bytes more cut]"),
        ("short", 7, "short [7 bytes more cut]"),
        ("€" * 3000, 0, "€" * 2723 + " [831 bytes more cut]"),
    ],
)
def test_a_line_says_how_much_of_it_was_cut(line: str, cut: int, shown: str) -> None:
    assert shown_line(line, cut) == shown


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\nb\n", ["a", "b"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("\n\na", ["", "", "a"]),
        ("a\rb\x0bc\x0cd\x1ce\x85f\u2028g", ["a\rb\x0bc\x0cd\x1ce\x85f\u2028g"]),
    ],
)
def test_nothing_but_a_line_feed_ends_a_line(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines


def test_a_tail_keeps_its_end_and_says_how_many_lines_went() -> None:
    assert shown_tail([]) == ""
    assert shown_tail(["a", "b\r"]) == "a\nb" + r"\r"
    first, *rest = shown_tail(["x" * LINE_BYTES] * 19 + ["last"]).splitlines()
    assert first == "[13 lines before these cut]"
    assert rest == ["x" * LINE_BYTES] * 6 + ["last"]


def test_a_message_keeps_its_beginning_and_its_end() -> None:
    assert shown_message("a\r\nb\n") == "a\nb\n"
    lines = shown_message("\n".join(["what failed", *["x" * 1000] * 300, "what to do"])).splitlines()
    assert (lines[0], lines[-1]) == ("what failed", "what to do")
    assert [line for line in lines if line.startswith("[")] == ["[178 lines cut]"]
    tail = shown_tail(["y" * LINE_BYTES] * 20)
    assert shown_message(f"it failed:\n{tail}\nmend it") == f"it failed:\n{tail}\nmend it"


def test_parts_hold_all_lines() -> None:
    lines = ["x" * LINE_BYTES] * 20
    assert [line for part in parts(lines) for line in part.split("\n")] == lines
    assert max(len(part) for part in parts(lines)) <= TAIL_BYTES
    assert list(parts([])) == []
    assert list(parts(["", ""])) == ["\n"]


@given(texts)
@settings(deadline=None)
def test_what_is_shown_is_bounded_printable_and_stays_as_it_is(text: str) -> None:
    for shown in (shown_text(text), shown_message(text), shown_tail(lines_of(text))):
        assert all(len(line.encode()) <= LINE_BYTES for line in shown.split("\n"))
        assert all(char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in shown)
    assert shown_text(shown_text(text)) == shown_text(text)
    assert len(shown_message(text).encode()) <= MESSAGE_BYTES
    assert shown_message(shown_message(text)) == shown_message(text)
    assert len(shown_tail(lines_of(text)).encode()) <= TAIL_BYTES
