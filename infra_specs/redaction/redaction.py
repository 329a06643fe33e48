"""Text without the values of secrets, in whatever form a program wrote them."""

from collections.abc import Iterable, Iterator, Mapping

from infra_specs.redaction.decoded import decoded
from infra_specs.redaction.finder import Span, finder
from infra_specs.redaction.needles import needles
from infra_specs.redaction.unfinished import Unfinished
from infra_specs.redaction.urls import credentials

Place = tuple[int, int, str]
"""Where something begins and ends, and what is told in its stead."""
_DEPTH = 3
"""Encodings within encodings: a login in base64, in a configuration in base64, in a manifest."""
_HIDDEN = "***"


class Redaction:
    """The secrets that no text may tell, by name. Building one is cheap; finders are kept by value."""

    def __init__(self, secrets: Mapping[str, Iterable[str | bytes]]) -> None:
        names: dict[str, str] = {}
        for name, values in sorted(secrets.items()):
            for value in values:
                for needle in needles(value):
                    names.setdefault(needle, name)
        # Longest first: of two that begin at the same place the longer gives its name.
        self._names = dict(sorted(names.items(), key=lambda item: (-len(item[0]), item[0])))
        self._labels = {name: _label(name, self._names) for name in set(names.values())}
        self._shortest = min(map(len, self._names), default=0)
        self._unfinished = Unfinished(self._names)

    def redacted(self, text: str) -> str:
        """The text with `[secret NAME]` in place of each value, and `***` in place of credentials in URLs.

        All places are found first and then replaced at once, so that a replacement is never looked at. Values that
        overlap are replaced together. Text without a secret is returned as it is.
        """
        places = self._all(text)
        return _replaced(text, places) if places else text

    def ready(self, text: str) -> int:
        """How many characters of a text that still grows can be told: whole lines, without the last ones if they may
        be the beginning of a value whose end is still to come."""
        lines = text[: text.rfind("\n") + 1].splitlines(keepends=True)
        count = len("".join(lines[: len(lines) - self._unfinished.lines(lines)]))
        crossing = [end for begin, end, _ in self._all(text) if begin < count < end]
        # A value that is whole already is told, whatever else may begin with its last line.
        return max((text.rfind("\n", 0, text.find("\n", end) + 1) + 1 for end in crossing), default=count)

    def _all(self, text: str) -> list[Place]:
        places = [(begin, end, _HIDDEN) for begin, end in credentials(text)]
        return [*places, *self._places(text, _DEPTH)] if self._names else places

    def _places(self, text: str, depth: int) -> Iterator[Place]:
        for needle, name in self._names.items():
            for begin, end in finder(needle).find(text):
                yield begin, end, self._labels[name]
        if depth:
            inner = decoded(text, self._shortest)
            if inner.texts:
                for begin, end, label in self._places("".join(inner.texts), depth - 1):
                    yield from ((*origin, label) for origin in inner.origins(begin, end))


def _label(name: str, taken: Iterable[str]) -> str:
    """A name may hold a value, as where the password is `password`."""
    for label in (f"[secret {name}]", "[secret]"):
        if not any(value in label for value in taken):
            return label
    return _HIDDEN


def _replaced(text: str, places: list[Place]) -> str:
    parts, done = list[str](), 0
    for (begin, end), label in _together(places):
        parts += (text[done:begin], label)
        done = end
    return "".join((*parts, text[done:]))


def _together(places: list[Place]) -> Iterator[tuple[Span, str]]:
    """Places that overlap as one, under the name of the longest of them; a secret's name before none."""
    ordered = sorted(places)
    begin, end, label = ordered[0]
    longest = (label != _HIDDEN, end - begin)
    for first, last, other in ordered[1:]:
        size = (other != _HIDDEN, last - first)
        if first >= end:
            yield (begin, end), label
            begin, end, label, longest = first, last, other, size
            continue
        end = max(end, last)
        if size > longest:
            label, longest = other, size
    yield (begin, end), label
