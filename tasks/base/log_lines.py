"""The lines of a log: the last ones, the whole ones, and those that are new since the last read."""

from collections.abc import Sequence

from infra_specs.app_text.shown import lines_of

READ_BYTES = 8 * 2**20
"""The most of a log that is read at once, however long its lines are."""


def last_lines(data: bytes, count: int, *, whole: bool) -> str:
    """The last `count` lines of what was read of a log. `whole`: it begins where a line begins.

    A line whose beginning was not read is left out, and that is said: it may begin with half a secret.
    """
    lines = data.decode(errors="replace").split("\n")
    end = [] if lines[-1] else [lines.pop()]
    if not whole and count >= len(lines):
        lines[0] = f"[a line of more than {len(lines[0].encode())} bytes is left out]"
    return "\n".join([*lines[max(0, len(lines) - count) :], *end]) if lines and count > 0 else ""


def new_lines(before: Sequence[str], after: Sequence[str]) -> Sequence[str]:
    """The new lines at the end of `after`. Both arguments are the last lines of the same file.

    The first line of `after` may be what says that a line is left out: it never was a line of the file.
    """
    for skipped in (0, 1):
        for start in range(len(before)):
            same = before[start:]
            end = skipped + len(same)
            if list(after[skipped:end]) == list(same):
                return after[end:]
    return after


def whole_lines(text: str, *, ended: bool) -> list[str]:
    """The complete lines of a log. An unfinished last line counts once the log has ended."""
    return lines_of(text if ended else text[: text.rfind("\n") + 1])
