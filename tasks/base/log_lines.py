"""What of a log is new since it was last looked at."""

from collections.abc import Sequence


def added(before: Sequence[str], after: Sequence[str]) -> Sequence[str]:
    """The lines at the end of `after` that were not yet in `before`, both being the last lines of one file."""
    for start in range(len(before) + 1):
        same = before[start:]
        if list(after[: len(same)]) == list(same):
            return after[len(same) :]
    return after


def whole_lines(text: str, *, over: bool) -> list[str]:
    """The lines of a log; the last one only once it is ended, or nothing more will come."""
    return (text if over else text[: text.rfind("\n") + 1]).splitlines()
