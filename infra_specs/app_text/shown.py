"""Lines, tails and messages of an app as a person is shown them. What is fit already stays as it is.

A line ends with a line feed, before which a carriage return counts as nothing.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

LINE_BYTES = 8 * 1024
"""The most of one line, in UTF-8, with the note that says how much of it was cut."""
TAIL_BYTES = 64 * 1024
"""The most of the last lines that an app wrote, as they are quoted in a message."""
MESSAGE_BYTES = 2 * TAIL_BYTES
"""The most of a message, which may quote a tail."""
_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls: escapes, NUL, carriage return, bell, and those of eight bits
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # what turns or hides text
    "\u2028\u2029\ufff9-\ufffb\U000e0000-\U000e007f"
    "\ud800-\udfff]"  # halves of characters, which nothing can print
)


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends. Nothing but a line feed ends one."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def shown_line(line: str, cut: int = 0) -> str:
    """One line, at most `LINE_BYTES` of it. `cut`: bytes that were taken from its end before."""
    data = _escaped(line).encode()
    if len(data) <= LINE_BYTES and not cut:
        return data.decode()
    beginning = data[: LINE_BYTES - len(_note(len(data) + cut))].decode(errors="ignore")
    return beginning + _note(len(data) + cut - len(beginning.encode()))


def shown_text(text: str) -> str:
    """A text with all of its lines, each as `shown_line` has it."""
    return "\n".join(shown_line(line.removesuffix("\r")) for line in text.split("\n"))


def shown_tail(lines: Sequence[str]) -> str:
    """The last of these lines as one text, at most `TAIL_BYTES` of it; the first line then says how many went."""
    shown = list(map(shown_line, lines))
    fitting = _fitting(reversed(shown), TAIL_BYTES - LINE_BYTES)
    dropped = len(shown) - fitting
    return "\n".join([f"[{dropped} lines before these cut]"] * bool(dropped) + shown[dropped:])


def shown_message(text: str) -> str:
    """A message that may quote an app, at most `MESSAGE_BYTES` of it: its beginning and its end are kept."""
    shown = shown_text(text)
    if len(shown.encode()) <= MESSAGE_BYTES:
        return shown
    lines = shown.split("\n")
    head = _fitting(lines, MESSAGE_BYTES // 2 - LINE_BYTES)
    foot = _fitting(reversed(lines), MESSAGE_BYTES // 2)
    return "\n".join([*lines[:head], f"[{len(lines) - head - foot} lines cut]", *lines[len(lines) - foot :]])


def parts(lines: Iterable[str]) -> Iterator[str]:
    """The lines in texts of at most `TAIL_BYTES`, for what takes no more at once."""
    part, size = list[str](), 0
    for line in lines:
        length = len(line.encode()) + 1
        if part and size + length > TAIL_BYTES:
            yield "\n".join(part)
            part, size = [], 0
        part.append(line)
        size += length
    if part:
        yield "\n".join(part)


def _escaped(text: str) -> str:
    """Each character that steers a terminal as Python writes it: `\\x1b`, `\\r`, `\\u202e`."""
    return _UNSHOWN.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def _note(count: int) -> str:
    return f" [{count} bytes more cut]"


def _fitting(lines: Iterable[str], most: int) -> int:
    """How many of the lines fit into so many bytes, from the first on."""
    count = 0
    for line in lines:
        most -= len(line.encode()) + 1
        if most < 0:
            break
        count += 1
    return count
