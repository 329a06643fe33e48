"""Text of an app as it comes in: its secrets are found before a line is cut."""

import pytest

from infra_specs.app_text.reader import SEARCHED, AppText, app_lines
from infra_specs.app_text.shown import LINE_BYTES
from infra_specs.redaction import Redaction

pytestmark = pytest.mark.pure
SECRET = "correct-horse-battery-staple"
KEY = "-----BEGIN-----\nfirst line of it\nsecond line of it\n-----END-----"
LONG = "".join(f"{number:07}," for number in range(8_000))
REDACTION = Redaction({"password": [SECRET], "key": [KEY], "long": [LONG]})
HUGE = "x" * 4 * 2**20


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a\nb", ["a", "b"]),
        (f"with {SECRET}\r\n", ["with [secret password]"]),
        (f"a\n{KEY}\nb\n", ["a", "[secret key]", "b"]),
        ("\x1b[31m" + SECRET + "\x1b[0m", [r"\x1b[31m[secret password]\x1b[0m"]),
    ],
)
def test_lines_are_without_secrets_and_fit_to_be_shown(text: str, lines: list[str]) -> None:
    assert app_lines(text, REDACTION) == lines


@pytest.mark.parametrize("size", [LINE_BYTES + 1, SEARCHED, SEARCHED + 1, len(HUGE)])
def test_a_long_line_says_how_much_was_cut(size: int) -> None:
    before, line, after = app_lines(f"before\n{'x' * size}\nafter\n", REDACTION)
    assert (before, after) == ("before", "after")
    kept, _, note = line.partition(" [")
    assert LINE_BYTES - 2 <= len(line) <= LINE_BYTES
    assert note == f"{size - len(kept)} bytes more cut]"


@pytest.mark.parametrize("position", [0, LINE_BYTES - 40, LINE_BYTES - 10, LINE_BYTES, SEARCHED - 10])
@pytest.mark.parametrize("rest", ["", "y" * 100, HUGE])
def test_no_part_of_a_secret_is_shown_at_a_cut(position: int, rest: str) -> None:
    shown = "\n".join(app_lines("x" * position + SECRET + rest, REDACTION))
    assert "correct" not in shown
    assert "horse" not in shown


def test_no_part_of_a_secret_comes_close_where_long_ones_became_short_names() -> None:
    text = LONG * 6 + LONG[: SEARCHED - 6 * len(LONG)] + HUGE
    (line,) = app_lines(text, REDACTION)
    assert "0000100" not in line


def test_a_secret_of_many_lines_before_a_long_one_is_found() -> None:
    assert app_lines(f"{KEY}\n{HUGE}\n{KEY}\n", REDACTION)[::2] == ["[secret key]", "[secret key]"]


def test_a_line_that_may_begin_a_secret_waits() -> None:
    reader = AppText(lambda: REDACTION)
    begin, rest = KEY.split("\n", 1)
    assert reader.take(f"a\n{begin}\n") == ["a"]
    assert reader.take(f"{rest}\nb\n") == ["[secret key]", "b"]
    assert reader.take(f"{begin}\n") == []
    assert reader.end() == [begin]
    assert reader.end() == []
