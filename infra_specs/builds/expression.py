"""A pattern as the regular expression that moby/patternmatcher makes of it, in Go's words and then in Python's.

The two differ in sets and in escapes alone, for nothing else can stand in what is made here.
"""

import re
from collections.abc import Iterator
from typing import Literal

Kind = Literal["exact", "prefix", "suffix", "expression"]
star, folders = "[^/]*", "(.*/)?"
_escaped = frozenset(".+()|{}$")
_sets = {"d": "0-9", "s": r"\t\n\f\r ", "w": "0-9A-Za-z_"}
_letters = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_places = {"A": r"\A", "z": r"\Z", "b": r"\b", "B": r"\B"}
_posix = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\t-\r ",
    "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


def go_expression(pattern: str) -> tuple[Kind, str]:
    """How a pattern is compared, and its expression in Go's words, which counts for the last kind alone."""
    kind: Kind = "exact"
    made, at = "^", 0
    while at < len(pattern):
        letter, begin = pattern[at], at
        at += 1
        if letter == "*" and pattern.startswith("*", at):
            at += 1
            at += pattern.startswith("/", at)
            if at < len(pattern):
                made, kind = made + folders, "expression"
            elif kind == "exact":
                kind = "prefix"
            else:
                made, kind = f"{made}.*", "expression"
            kind = kind if begin else "suffix"
        elif letter in "*?":
            made, kind = made + (star if letter == "*" else "[^/]"), "expression"
        elif letter in _escaped:
            made += f"\\{letter}"
        elif letter == "\\":
            made, kind = f"{made}\\{pattern[at : at + 1]}", "expression"
            at += 1
        else:
            made += letter
            kind = "expression" if letter in "[]" else kind
    return kind, f"{made}$"


def compiled(expression: str) -> re.Pattern[str]:
    """Go's expression in Python's words. Raises ValueError that says why there is none."""
    body = "".join(_python(expression[1:-1]))
    return re.compile(rf"{_quick(body)}\Z", re.ASCII)


def _quick(body: str) -> str:
    """The same, but for time: what follows a star is looked for from the left, and once.

    That is enough where another star follows, which takes what would be left over; the same holds for whole folders.
    """
    if "[" in body.replace("[^/]", ""):
        return body
    first, *rest = re.split(rf"(?:{re.escape(folders)})+", body)
    parts = [_quick_stars(part) for part in (first, *rest)]
    for number in range(1, len(parts) - 1):
        # Only after whole folders is what is left over whole folders.
        whole = parts[number].endswith("/")
        parts[number] = f"(?>(?:.*?/)??{parts[number]})" if whole else f"{folders}{parts[number]}"
    return "".join((*parts[:-1], folders, parts[-1])) if rest else parts[0]


def _quick_stars(part: str) -> str:
    first, *rest = part.split(star)
    if not rest:
        return part
    return "".join((first, *(f"(?>{star}?{text})" if text else "" for text in rest[:-1]), star, rest[-1]))


def _python(go: str) -> Iterator[str]:
    at = 0
    while at < len(go):
        letter = go[at]
        at += 1
        if letter == "[":
            at, text = _set(go, at)
            yield text
        elif letter == "\\":
            yield _outside(go[at : at + 1])
            at += 1
        else:
            yield letter


def _outside(letter: str) -> str:
    """An escape that stands in no set."""
    if letter in _places:
        return _places[letter]
    if letter.lower() in _sets:
        return f"[{'^' if letter.isupper() else ''}{_sets[letter.lower()]}]"
    return _quoted(_literal(letter))


def _set(go: str, at: int) -> tuple[int, str]:
    """Where a set ends, and the set."""
    negated = go.startswith("^", at)
    at += negated
    parts, complements = list[str](), list[str]()
    first = True
    while first or not go.startswith("]", at):
        first = False
        if go.startswith("[:", at) and (end := go.find(":]", at + 2)) >= 0:
            name = go[at + 2 : end]
            if name.removeprefix("^") not in _posix:
                raise ValueError(f"there are no letters that are called [:{name}:]")
            (complements if name.startswith("^") else parts).append(_posix[name.removeprefix("^")])
            at = end + 2
        elif go.startswith("\\", at) and go[at + 1 : at + 2].lower() in _sets:
            letter = go[at + 1]
            (complements if letter.isupper() else parts).append(_sets[letter.lower()])
            at += 2
        else:
            at, text = _range(go, at)
            parts.append(text)
    inside = "".join(parts)
    either = "|".join((*([f"[{inside}]"] if inside else ()), *(f"[^{part}]" for part in complements)))
    if not complements:
        return at + 1, f"[{'^' if negated else ''}{inside}]"
    return at + 1, rf"(?:(?!{either})(?:.|\n))" if negated else f"(?:{either})"


def _range(go: str, at: int) -> tuple[int, str]:
    at, low = _letter(go, at)
    if not go.startswith("-", at) or go[at + 1 : at + 2] in ("", "]"):
        return at, _quoted(low)
    at, high = _letter(go, at + 1)
    if high < low:
        raise ValueError(f"the range {low}-{high} has its end before its beginning")
    return at, f"{_quoted(low)}-{_quoted(high)}"


def _letter(go: str, at: int) -> tuple[int, str]:
    if go.startswith("\\", at):
        return at + 2, _literal(go[at + 1 : at + 2])
    if at >= len(go):
        raise ValueError("a [ has no ] that ends it")
    return at + 1, go[at]


def _literal(letter: str) -> str:
    """What an escaped letter stands for."""
    if letter in _letters:
        return _letters[letter]
    if letter.isascii() and letter.isalnum():
        raise ValueError(f"a backslash before `{letter}` is no escape; write `{letter}` alone")
    return letter


def _quoted(letter: str) -> str:
    return letter if letter.isalnum() or not letter.isascii() else re.escape(letter)
