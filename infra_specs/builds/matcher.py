"""Whether a path matches a pattern, found without a step back: the work is pattern times path at most."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ONE_LINE, _SLASH = re.compile(".*"), re.compile("/")


@dataclass(frozen=True, slots=True)
class Fixed:
    """Letters and places, each of which matches in one way, and the plain text at their end."""

    expression: re.Pattern[str]
    ending: str


@dataclass(frozen=True, slots=True)
class Many:
    """Any number of letters of one kind."""

    expression: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Folders:
    """Any number of whole folders: Go's `(.*/)?`."""


Token = Fixed | Many | Folders


@dataclass(frozen=True, slots=True)
class Matcher:
    """A pattern as its tokens."""

    tokens: tuple[Token, ...]

    def match(self, path: str) -> bool:
        """Whether it matches the whole path."""
        last = self.tokens[-1]
        if isinstance(last, Fixed) and not path.endswith(last.ending):
            return False  # most paths, and at once
        reached = [0]
        for token in self.tokens:
            if not reached:
                return False
            match token:
                case Fixed(expression, _):
                    matches = (expression.match(path, at) for at in reached)
                    reached = [end.end() for end in matches if end]
                case Many(expression):
                    reached = [at for begin, end in _runs(expression, path, reached) for at in range(begin, end + 1)]
                case Folders():
                    runs = _runs(_ONE_LINE, path, reached)
                    below = {slash.end() for begin, end in runs for slash in _SLASH.finditer(path, begin, end)}
                    reached = sorted(below.union(reached))
        return bool(reached) and reached[-1] == len(path)


def _runs(letters: re.Pattern[str], path: str, reached: Iterable[int]) -> Iterator[tuple[int, int]]:
    """From where to where such letters go on, beginning at places that were reached. No place is in two runs."""
    end = -1
    for begin in reached:
        if begin > end:  # from within a run none goes further than the run itself
            ended = letters.match(path, begin)
            assert ended is not None  # none of such letters are enough
            end = ended.end()
            yield begin, end
