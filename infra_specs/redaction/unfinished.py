"""Whether lines may be the beginning of a value that goes on in the next ones."""

import re
from collections.abc import Iterable, Sequence

from infra_specs.redaction.finder import finder

_LINE_OF_BASE64 = 60
"""Digits in the narrowest lines that programs wrap base64 into."""
_DIGITS = re.compile(r"[A-Za-z0-9+/_-]+")
_IDENTIFIER = re.compile(r"[0-9a-f-]{32}|[0-9A-F-]{32}")
"""The end of a digest, which logs are full of."""
_BYTES_A_LINE = 45
"""That 60 digits of base64 stand for."""


class Unfinished:
    """The needles that can be cut between two lines: those of several lines, and long ones that base64 wraps."""

    def __init__(self, needles: Iterable[str]) -> None:
        known = list(needles)
        self._values = [lines for needle in known if len(lines := _lines(needle)) > 1]
        longest = max((len(needle.encode()) for needle in known), default=0)
        self._most_wrapped = longest // _BYTES_A_LINE + 2 if longest > _BYTES_A_LINE // 2 else 0

    def lines(self, lines: Sequence[str]) -> int:
        """How many of the last lines are to be kept until more comes."""
        return max((self._wrapped(lines), *(_begun(value, lines) for value in self._values)), default=0)

    def _wrapped(self, lines: Sequence[str]) -> int:
        count = 0
        while count < min(self._most_wrapped, len(lines)) and _is_wrapped(lines[-1 - count].rstrip()):
            count += 1
        return count


def _lines(needle: str) -> list[str]:
    """Without the empty ones, which say nothing, and of which YAML adds some."""
    return [line.strip() for line in needle.splitlines() if line.strip()]


def _is_wrapped(line: str) -> bool:
    end = line[-_LINE_OF_BASE64:]
    return len(end) == _LINE_OF_BASE64 and bool(_DIGITS.fullmatch(end)) and not _IDENTIFIER.fullmatch(end[-32:])


def _begun(value: Sequence[str], lines: Sequence[str]) -> int:
    """The first lines of a value, as many as the last lines are; the first may stand behind something else."""
    full = [number for number, line in enumerate(lines) if line.strip()]
    for count in range(min(len(value) - 1, len(full)), 0, -1):
        first, *others = full[-count:]
        if all(_is_line(known, lines[number]) for known, number in zip(value[1:count], others, strict=True)) and (
            _ends_with(lines[first], value[0])
        ):
            return len(lines) - first
    return 0


def _is_line(known: str, line: str) -> bool:
    """Whether it is this line of a value, in any of its forms."""
    text = line.strip()
    return any(span == (0, len(text)) for span in finder(known).find(text))


def _ends_with(line: str, known: str) -> bool:
    text = line.rstrip()
    return any(end == len(text) for _, end in finder(known).find(text))
