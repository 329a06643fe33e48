"""Durations in words, and rows in columns."""

import pytest
from rich.console import Console
from rich.text import Text

from deployments.cli.terminal.output import columns
from deployments.cli.terminal.words import ago, counted, human

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00s"), (0.049, "0.05s"), (0.5, "0.50s"), (4.24, "4.2s"), (42.4, "42s"), (60, "1m"), (200.4, "3m 20s"),
        (3600, "1h"), (7500, "2h 5m"), (86_400, "1d"), (273_600, "3d 4h"), (-1.0, "0.00s"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert human(seconds) == text


def test_ago_and_counts() -> None:
    assert [ago(0.4), ago(3.14), ago(59.9), ago(61)] == ["just now", "3.1s ago", "59s ago", "1m 1s ago"]
    assert [counted(1, "day"), counted(2, "day")] == ["1 day", "2 days"]


def _laid(width: int, *rows: list[Text | str]) -> list[str]:
    return [line.plain for line in columns(Console(width=width), rows)]


def test_columns_are_aligned_and_end_without_spaces() -> None:
    assert _laid(80, ["a", "bb", "c"], ["aaa", "", ""]) == ["  a    bb  c", "  aaa"]


def test_a_last_column_is_folded_under_itself() -> None:
    assert _laid(40, ["name", "one two three four five six seven eight"]) == [
        "  name  one two three four five six",
        "        seven eight",
    ]


def test_a_last_column_without_room_gets_a_line_of_its_own() -> None:
    assert _laid(30, ["a-rather-long-name", "one two three four five six"]) == [
        "  a-rather-long-name",
        "      one two three four five",
        "      six",
    ]


def test_an_address_is_never_broken() -> None:
    url = "http://127.0.0.1:4200/v2/runs/flow-run/6ed3b1a5-42ef-4b27-8dc9-b7347c0da67a"
    assert _laid(40, ["page", url]) == [f"  page  {url}"]
    assert _laid(40, ["page", f"see {url} now"]) == ["  page  see", f"        {url}", "        now"]


def test_markup_is_printed_as_text() -> None:
    assert _laid(80, ["[red]x[/red]", ":smile:"]) == ["  [red]x[/red]  :smile:"]
