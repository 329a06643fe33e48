"""Whether lines may be the beginning of a value that goes on in the next ones."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from infra_specs.redaction.forms import form, units

_wrapped = re.compile(r"[A-Za-z0-9+/_-]{60,}$")
_bytes_a_line = 45
"""That 60 digits of base64 stand for: the narrowest lines that programs wrap it into."""


class Unfinished:
    """The needles that can be cut between two lines: those of several lines, and long ones that base64 wraps."""

    def __init__(self, needles: Iterable[str]) -> None:
        known = list(needles)
        self._values = [lines for needle in known if len(lines := [line.strip() for line in needle.splitlines()]) > 1]
        longest = max((len(needle.encode()) for needle in known), default=0)
        self._most_wrapped = longest // _bytes_a_line + 2 if longest > _bytes_a_line // 2 else 0

    def lines(self, lines: Sequence[str]) -> int:
        """How many of the last lines are to be kept until more comes."""
        return max((self._wrapped(lines), *(_begun(value, lines) for value in self._values)), default=0)

    def _wrapped(self, lines: Sequence[str]) -> int:
        count = 0
        while count < min(self._most_wrapped, len(lines)) and _wrapped.search(lines[-1 - count].rstrip()):
            count += 1
        return count


def _begun(value: Sequence[str], lines: Sequence[str]) -> int:
    """The first lines of a value, as many as the last lines are; the first may stand behind something else."""
    for count in range(min(len(value) - 1, len(lines)), 0, -1):
        tail = lines[-count:]
        if _line(value[0]).search(tail[0]) and all(
            _line(known).fullmatch(line.lstrip()) for line, known in zip(tail[1:], value[1:count], strict=True)
        ):
            return count
    return 0


@lru_cache(maxsize=4096)
def _line(text: str) -> re.Pattern[str]:
    """One line of a value in any of its forms, up to the end of the line that it is in."""
    return re.compile(f"{''.join(map(form, units(text)))}\\s*\\Z")
