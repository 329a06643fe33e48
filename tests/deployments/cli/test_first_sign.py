"""The line that a verb begins with, on a terminal."""

import io
import sys

import pytest

from deployments.cli import first_sign
from deployments.cli.app import CHANGE_PANEL, LOOK_PANEL, App

pytestmark = pytest.mark.pure


class Terminal(io.StringIO):
    """A terminal that is written to."""

    def isatty(self) -> bool:
        return True


def written(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, panel: str, *, text: str = "") -> str:
    """What a verb below a heading of the help, which prints a text, leaves on a stream."""
    monkeypatch.setattr(sys, "stdout", stream)
    app = App()

    @app.command("scale", rich_help_panel=panel)
    def verb() -> None:
        if text:
            first_sign.erase()
            print(text)

    app.command("other")(lambda: None)
    app(["scale"], standalone_mode=False)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def test_a_verb_that_changes_a_stack_shows_at_once_that_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(monkeypatch, Terminal(), CHANGE_PANEL, text="done") == "scale begins …\r\x1b[Kdone\n"


def test_one_that_says_nothing_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(monkeypatch, Terminal(), CHANGE_PANEL) == "scale begins …\r\x1b[K"


def test_a_verb_that_looks_has_no_such_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(monkeypatch, Terminal(), LOOK_PANEL, text="done") == "done\n"


def test_a_pipe_has_no_such_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(monkeypatch, io.StringIO(), CHANGE_PANEL, text="done") == "done\n"


def test_a_terminal_that_cannot_erase_has_no_such_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert written(monkeypatch, Terminal(), CHANGE_PANEL, text="done") == "done\n"
