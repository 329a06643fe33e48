"""Where one needle is in a text, in any of its forms. Found by a plain piece of it first, which is fast."""

import re
from collections.abc import Iterator
from functools import lru_cache

from infra_specs.redaction.forms import form, units

Span = tuple[int, int]
_at_once = 200
"""Units in one expression. A longer needle is followed from one to the next, as far as the text holds it."""
_widest = 64
"""Characters that the form of one unit may take."""
_plain = re.compile(r"[A-Za-z0-9_]+")


class Finder:
    """Looks for one needle. Expressions are compiled when they are first needed."""

    def __init__(self, needle: str) -> None:
        pieces = units(needle)
        self._chunks = [pieces[start : start + _at_once] for start in range(0, len(pieces), _at_once)]
        head = "".join(self._chunks[0])
        longest = max(_plain.finditer(head), key=lambda match: len(match[0]), default=None)
        self._anchor = longest[0] if longest else ""
        self._before = _widest * (longest.start() if longest else 0)
        self._after = _widest * len(head)
        self._patterns: dict[int, re.Pattern[str]] = {}

    def find(self, text: str) -> Iterator[Span]:
        """Every place where it begins; places may overlap."""
        if not self._anchor:
            yield from self._all(text)
            return
        first, hit = 0, text.find(self._anchor)
        while hit >= 0:
            first = max(first, hit - self._before)
            while match := self._pattern(0).search(text, first, hit + self._after):
                yield self._followed(text, match)
                first = match.start() + 1
                if match.end() > hit:
                    break
            hit = text.find(self._anchor, hit + 1)

    def _all(self, text: str) -> Iterator[Span]:
        first = 0
        while match := self._pattern(0).search(text, first):
            yield self._followed(text, match)
            first = match.start() + 1

    def _followed(self, text: str, match: re.Match[str]) -> Span:
        begin, end = match.span()
        for number in range(1, len(self._chunks)):
            if not (more := self._pattern(number).match(text, end)):
                break
            end = more.end()
        return begin, end

    def _pattern(self, number: int) -> re.Pattern[str]:
        if number not in self._patterns:
            self._patterns[number] = re.compile("".join(map(form, self._chunks[number])))
        return self._patterns[number]


@lru_cache(maxsize=4096)
def finder(needle: str) -> Finder:
    """The finder of a needle; the same one again for the same needle."""
    return Finder(needle)
