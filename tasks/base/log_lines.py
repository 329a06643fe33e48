"""Compute which log lines are new since the last read."""

from collections.abc import Sequence


def new_lines(before: Sequence[str], after: Sequence[str]) -> Sequence[str]:
    """The new lines at the end of `after`. Both arguments are the last lines of the same file."""
    for start in range(len(before) + 1):
        same = before[start:]
        if list(after[: len(same)]) == list(same):
            return after[len(same) :]
    return after


def whole_lines(text: str, *, ended: bool) -> list[str]:
    """The complete lines of a log. An unfinished last line counts once the log has ended."""
    return (text if ended else text[: text.rfind("\n") + 1]).splitlines()
