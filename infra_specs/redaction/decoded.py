"""Text inside of text: runs of base64 and hexadecimal digits, and runs in which every character is escaped.

They are decoded, and the secret is looked for in what they say. So a login (`user:value`) or a whole URL in base64 is
found wherever in it the value begins.
"""

import re
from binascii import a2b_base64
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

Span = tuple[int, int]
Origin = Callable[[int, int], Span]
_DIVIDER = "\ue000"
"""Between two runs; no byte is this character."""
_WRAP = r"(?<=[A-Za-z0-9+/_-]{40})(?:[ \t]*\r?\n[ \t]*|(?:\\{1,15}r)?\\{1,15}n)"
"""Where base64 goes on behind a long line; a repr writes the line's end with a backslash."""
_SIGN = r"\\{1,15}/|\\{1,15}u002[bBfF]|%(?:25){0,3}2[bBfF]"
_BASE64 = re.compile(rf"[A-Za-z0-9+/_-](?:[A-Za-z0-9+/_-]++|(?:{_WRAP}|{_SIGN})(?=[A-Za-z0-9+/_\\%-]))*+={{0,2}}")
_BASE64_UNITS = re.compile(rf"(?P<wrap>{_WRAP})|(?P<sign>{_SIGN})|(?P<plain>[A-Za-z0-9+/_-])")
_ONLY_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+")
_IDENTIFIER = re.compile(r"[0-9a-f-]{32,}")
"""Digests and UUIDs, of which logs are full. Base64 of a text has other letters, too."""
_HEX = re.compile(r"[0-9a-fA-F]{16,}")
_ESCAPED: tuple[tuple[str, re.Pattern[str], re.Pattern[str], int], ...] = tuple(
    (mark, re.compile(run), re.compile(unit), base)
    for mark, run, unit, base in (
        ("", r"(?:[0-9a-fA-F]{2}[ :-]){7,}[0-9a-fA-F]{2}", r"[0-9a-fA-F]{2}", 16),
        ("0x", r"(?:0x[0-9a-fA-F]{2},? ?){8,}", r"0x([0-9a-fA-F]{2})", 16),
        ("%", r"(?:%(?:25){0,3}[0-9a-fA-F]{2}){8,}", r"%(?:25){0,3}([0-9a-fA-F]{2})", 16),
        (r"\x", r"(?:\\{1,15}x[0-9a-fA-F]{2}){8,}", r"\\{1,15}x([0-9a-fA-F]{2})", 16),
        (r"\u", r"(?:\\{1,15}u[0-9a-fA-F]{4}){8,}", r"\\{1,15}u([0-9a-fA-F]{4})", 16),
        ("\\", r"(?:\\{1,15}[0-3][0-7]{2}){8,}", r"\\{1,15}([0-3][0-7]{2})", 8),
        ("#", r"(?:&(?:amp;){0,3}#[xX][0-9a-fA-F]{1,6};){8,}", r"#[xX]([0-9a-fA-F]{1,6});", 16),
        ("#", r"(?:&(?:amp;){0,3}#[0-9]{1,7};){8,}", r"#([0-9]{1,7});", 10),
        (",", r"(?:[0-9]{1,3},\s?){7,}[0-9]{1,3}", r"[0-9]{1,3}", 10),
    )
)
"""What every such run holds, the run, one character of it, and the base of its number."""


@dataclass(slots=True)
class Decoded:
    """What the runs of a text say, one after another, and where each came from. Equal runs are decoded once."""

    texts: list[str] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    _origins: list[tuple[Origin, Sequence[int]]] = field(default_factory=list)
    _length: int = 0

    def add(self, text: str, origin: Origin, places: Sequence[int]) -> None:
        """`origin` tells where a part of the decoded text is in its run, and `places` where such runs begin."""
        self._starts.append(self._length)
        self._origins.append((origin, places))
        self.texts += (text, _DIVIDER)
        self._length += len(text) + 1

    def origins(self, begin: int, end: int) -> Iterator[Span]:
        """Every place that this part of the joined texts came from."""
        number = bisect_right(self._starts, begin) - 1
        origin, places = self._origins[number]
        first, last = origin(begin - self._starts[number], end - self._starts[number])
        for start in places:
            yield start + first, start + last


@dataclass(frozen=True, slots=True)
class _Base64:
    """One run: where each digit is, unless they lie side by side, how many there are, and its length."""

    spans: Sequence[Span]
    digits: int
    length: int

    def origin(self, shift: int, begin: int, end: int) -> Span:
        """Every digit that says something of these bytes; at the end of a run with what fills it up."""
        first, last = shift + begin * 4 // 3, shift + (end - 1) * 4 // 3 + 1
        start = self.spans[first][0] if self.spans else first
        if last + 1 == self.digits:
            return start, self.length
        return start, self.spans[last][1] if self.spans else last + 1


def decoded(text: str, shortest: int) -> Decoded:
    """All runs of a text that can hold something of at least `shortest` bytes."""
    runs = Decoded()
    for run, places in _runs(_BASE64, text, -(-shortest * 4 // 3)):
        if not _IDENTIFIER.fullmatch(run):
            _add_base64(runs, run, places)
    for run, places in _runs(_HEX, text, 2 * shortest):
        for shift in (0, 1):
            _add_hex(runs, run, places, shift)
    for mark, pattern, unit, base in _ESCAPED:
        if mark not in text:
            continue
        for run, places in _runs(pattern, text, 2 * shortest):
            _add_escaped(runs, list(_codes(unit, run, base)), places)
    return runs


def _runs(pattern: re.Pattern[str], text: str, shortest: int) -> Iterable[tuple[str, list[int]]]:
    places: dict[str, list[int]] = {}
    for match in pattern.finditer(text):
        begin, end = match.span()
        if end - begin >= shortest:
            places.setdefault(text[begin:end], []).append(begin)
    return places.items()


def _add_base64(runs: Decoded, run: str, places: Sequence[int]) -> None:
    """At each of four alignments: letters may stand in front of it."""
    digits, spans = run.rstrip("="), list[Span]()
    if not _ONLY_BASE64.fullmatch(digits):
        pairs = list(_digits(digits))
        digits, spans = "".join(digit for digit, _ in pairs), [span for _, span in pairs]
    digits = digits.replace("-", "+").replace("_", "/")
    base64 = _Base64(spans, len(digits), len(run))
    for shift in range(4):
        length = len(digits) - shift
        part = digits[shift : shift + length - (length % 4 == 1)]
        text = a2b_base64(part + "===").decode("latin-1")
        runs.add(text, partial(base64.origin, shift), places)
        if "\0" in text:
            for parity in (0, 1):
                runs.add(text[parity::2], partial(_of_wide, partial(base64.origin, shift), parity), places)


def _of_wide(origin: Origin, parity: int, begin: int, end: int) -> Span:
    """In UTF-16 every second byte is a letter's, and the others are NUL."""
    return origin(2 * begin + parity, 2 * end - 1 + parity)


def _digits(run: str) -> Iterator[tuple[str, Span]]:
    for match in _BASE64_UNITS.finditer(run):
        if not match["wrap"]:
            text = match[0]
            sign = "+" if text[-1] in "bB" else "/"
            yield (text if match["plain"] else sign), match.span()


def _add_hex(runs: Decoded, run: str, places: Sequence[int], shift: int) -> None:
    part = run[shift : shift + (len(run) - shift) // 2 * 2]
    runs.add(bytes.fromhex(part).decode("latin-1"), lambda begin, end: (shift + 2 * begin, shift + 2 * end), places)


def _codes(unit: re.Pattern[str], run: str, base: int) -> Iterator[tuple[str, Span]]:
    high, start = 0, 0
    for match in unit.finditer(run):
        code = int(match[match.lastindex or 0], base)
        if 0xD800 <= code < 0xDC00:  # the first half of a character that JSON writes as two
            high, start = code, match.start()
            continue
        if high and 0xDC00 <= code < 0xE000:
            yield chr(0x10000 + (high - 0xD800) * 0x400 + code - 0xDC00), (start, match.end())
        else:
            yield chr(code) if code < 0x110000 else "?", match.span()
        high = 0


def _add_escaped(runs: Decoded, units: list[tuple[str, Span]], places: Sequence[int]) -> None:
    spans = [span for _, span in units]
    text = "".join(character for character, _ in units)
    runs.add(text, lambda begin, end: (spans[begin][0], spans[end - 1][1]), places)
