"""Where one needle is in a text, in any of its forms. Found by a plain piece of it first, which is fast.

A needle is followed through a text step by step, to every place where a step may end, and from each of them once. So
the work is bounded by the lengths of both, whatever they hold. A single expression would try all ways of splitting.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from infra_specs.redaction.forms import form, is_ambiguous, units, ways

Span = tuple[int, int]
_AT_ONCE = 200
"""Units that must be there. A longer needle is followed from there, as far as the text holds it."""
_WIDEST = 64
"""Characters that the form of one character may take."""
_MOST_ENDS = 41
"""Of one form: the spaces that indent a line, or the backslashes in front of the next unit."""
_MOST_KNOWN = 100_000
"""Places that are remembered with what follows them."""
_PLAIN = re.compile(r"[A-Za-z0-9_]+")


class _Step:
    """Units that a text must hold next. Expressions are compiled when they are first needed."""

    def __init__(self, expressions: list[str]) -> None:
        self._expressions = expressions
        self._patterns: list[re.Pattern[str]] = []

    def ends(self, text: str, begin: int) -> set[int]:
        """Where these units may end that begin at this place."""
        if not self._patterns:
            self._patterns = [re.compile(expression) for expression in self._expressions]
        ends = set[int]()
        for pattern in self._patterns:
            if match := pattern.match(text, begin):
                last = match.end()
                ends.update(range(max(match.start(1), last - _MOST_ENDS), last) if pattern.groups else ())
                ends.add(last)
        return ends


class Finder:
    """Looks for one needle."""

    def __init__(self, needle: str) -> None:
        pieces = units(needle)
        head = pieces[:_AT_ONCE]
        self._first = form(head[0]) if is_ambiguous(head[0]) else "".join(map(form, _certain(head)))
        self._begins: re.Pattern[str] | None = None
        self._head = list(_steps(head))
        self._rest = [
            step for at in range(_AT_ONCE, len(pieces), _AT_ONCE) for step in _steps(pieces[at : at + _AT_ONCE])
        ]
        text = "".join(head)
        longest = max(_PLAIN.finditer(text), key=lambda match: len(match[0]), default=None)
        self._anchor = longest[0] if longest else ""
        self._before = _WIDEST * (longest.start() if longest else 0)
        self._after = _WIDEST * len(text)

    def find(self, text: str) -> Iterator[Span]:
        """Every place where it begins; places may overlap."""
        if self._anchor not in text:
            return
        known = dict[tuple[int, int], int]()
        for first, last in self._windows(text):
            for begin in self._starts(text, first, last):
                if len(known) > _MOST_KNOWN:
                    known.clear()  # what is far behind is not asked for again
                if (end := self._end(text, 0, begin, known)) > begin:
                    yield begin, end

    def _windows(self, text: str) -> Iterator[Span]:
        """The parts of a text that can hold it: around the plain piece. None of them overlap."""
        if not self._anchor:
            yield 0, len(text)
            return
        first, last, hit = 0, -1, text.find(self._anchor)
        while hit >= 0:
            if hit - self._before > last:
                if last >= 0:
                    yield first, last
                first = max(0, hit - self._before)
            last = hit + self._after
            hit = text.find(self._anchor, hit + 1)
        if last >= 0:
            yield first, last

    def _starts(self, text: str, first: int, last: int) -> Iterator[int]:
        self._begins = self._begins or re.compile(self._first)
        while match := self._begins.search(text, first, last):
            yield match.start()
            first = match.start() + 1

    def _end(self, text: str, number: int, begin: int, known: dict[tuple[int, int], int]) -> int:
        """The last place where the steps from this number on may end; -1 if they are not there."""
        if number == len(self._head):
            return self._followed(text, begin)
        if (number, begin) not in known:
            further = [self._end(text, number + 1, end, known) for end in self._head[number].ends(text, begin)]
            known[number, begin] = max(further, default=-1)
        return known[number, begin]

    def _followed(self, text: str, begin: int) -> int:
        ends = {begin}
        for step in self._rest:
            further = {end for start in ends for end in step.ends(text, start)}
            if not further:
                break
            ends = further
        return max(ends)


def _certain(pieces: list[str]) -> list[str]:
    """The first units of which each has one end."""
    return next((pieces[:at] for at, unit in enumerate(pieces) if is_ambiguous(unit)), pieces)


def _steps(pieces: list[str]) -> Iterator[_Step]:
    for ambiguous, group in groupby(pieces, key=is_ambiguous):
        if ambiguous:
            yield from (_Step(ways(unit)) for unit in group)
        else:
            yield _Step(["".join(map(form, group))])


@lru_cache(maxsize=4096)
def finder(needle: str) -> Finder:
    """The finder of a needle; the same one again for the same needle."""
    return Finder(needle)
