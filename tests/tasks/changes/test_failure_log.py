"""What is told of an instance that failed, and what is kept of one that removed."""

from types import SimpleNamespace
from typing import Any

import pytest

import tasks.changes.failure_log
from infra_specs.app_text.reader import app_lines
from infra_specs.app_text.shown import LINE_BYTES, TAIL_BYTES
from infra_specs.redaction import Redaction
from tasks.changes.failure_log import TAIL_LINES, failure_log

pytestmark = pytest.mark.pure


class Place:
    """A site whose one instance has written so many lines, a password in each."""

    def __init__(self, lines: int, padding: str) -> None:
        self.written = [f"{number} s3cret{padding}" for number in range(1, lines + 1)]
        self.provider = SimpleNamespace(logs=lambda _, count: "\n".join(self.written[-count:]) + "\n")

    def shown_lines(self, text: str) -> list[str]:
        return app_lines(text.replace("s3cret", "***"), Redaction({}))


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The entries of the run's log."""
    entries: list[str] = []
    logger = SimpleNamespace(info=lambda form, *values: entries.append(form % values))
    monkeypatch.setattr(tasks.changes.failure_log, "get_run_logger", lambda: logger)
    return entries


async def told(lines: int, *, removed: bool, padding: str = "") -> str:
    provider: Any = Place(lines, padding)
    instance: Any = "job/migrate#1"
    return await failure_log(provider, instance, removed=removed)


async def test_the_last_lines_are_told(kept: list[str]) -> None:
    text = await told(1234, removed=False)
    assert text.splitlines()[1:] == ["The last lines of its log:", *(f"{n} ***" for n in range(1215, 1235))]
    assert kept == []


async def test_of_one_that_goes_what_was_before_them_is_kept(kept: list[str]) -> None:
    text = await told(1234, removed=True)
    assert text.splitlines()[-TAIL_LINES:] == [f"{n} ***" for n in range(1215, 1235)]
    assert {entry.splitlines()[0] for entry in kept} == {"Log of job/migrate#1, which goes:"}
    assert len(kept) == 1
    lines = [line for entry in kept for line in entry.splitlines()[1:]]
    assert lines == [f"{n} ***" for n in range(235, 1235)]


@pytest.mark.parametrize("removed", [True, False])
async def test_a_short_log_is_told_whole_and_an_empty_one_said(kept: list[str], removed: bool) -> None:
    assert (await told(3, removed=removed)).endswith("log:\n1 ***\n2 ***\n3 ***")
    assert await told(0, removed=removed) == "\nIt wrote no log."
    assert kept == []


async def test_long_lines_are_bounded_in_the_message_and_in_the_run_s_log(kept: list[str]) -> None:
    text = await told(50, removed=True, padding="x" * LINE_BYTES)
    assert len(text.encode()) < TAIL_BYTES + 100
    assert max(len(line.encode()) for line in text.splitlines()) <= LINE_BYTES
    assert max(len(entry.encode()) for entry in kept) < TAIL_BYTES + 100
    lines = [line for entry in kept for line in entry.splitlines()[1:]]
    assert [line.partition(" ")[0] for line in lines] == [str(number) for number in range(1, 51)]
    assert text.splitlines()[-1].startswith("50 ***xxx")
    assert text.endswith("bytes more cut]")
