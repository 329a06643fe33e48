"""A pattern as the regular expression that moby/patternmatcher makes of it, in Go's words, and what matches so.

The two differ in sets and in escapes alone, for nothing else can stand in what is made here.
"""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Literal

from infra_specs.builds.matcher import Fixed, Folders, Many, Matcher, Token

Kind = Literal["exact", "prefix", "suffix", "expression"]
STAR, FOLDERS = "[^/]*", "(.*/)?"
_ESCAPED = frozenset(".+()|{}$")
_SETS = {"d": "0-9", "s": r"\t\n\f\r ", "w": "0-9A-Za-z_"}
_LETTERS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PLACES = {"A": r"\A", "z": r"\Z", "b": r"\b", "B": r"\B"}
_POSIX = {
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
                made, kind = made + FOLDERS, "expression"
            elif kind == "exact":
                kind = "prefix"
            else:
                made, kind = f"{made}.*", "expression"
            kind = kind if begin else "suffix"
        elif letter in "*?":
            made, kind = made + (STAR if letter == "*" else "[^/]"), "expression"
        elif letter in _ESCAPED:
            made += f"\\{letter}"
        elif letter == "\\":
            made, kind = f"{made}\\{pattern[at : at + 1]}", "expression"
            at += 1
        else:
            made += letter
            kind = "expression" if letter in "[]" else kind
    return kind, f"{made}$"


def compiled(expression: str) -> Matcher:
    """What matches as Go's expression does. Raises ValueError that says why there is none."""
    return Matcher(tuple(_tokens(expression[1:-1])))


def _tokens(go: str) -> Iterator[Token]:
    """All that matches in one way is put together, up to what may match in several."""
    at, fixed = 0, list[str]()
    while at < len(go):
        token: Token | None = None
        if go.startswith(FOLDERS, at):
            at, token = at + len(FOLDERS), Folders()
        else:
            at, letter = _letters_at(go, at)
            if go.startswith("*", at):
                at, token = at + 1, Many(re.compile(f"{letter}*", re.ASCII))
            else:
                fixed.append(letter)
        if token and fixed:
            yield _fixed(fixed)
            fixed = []
        if token:
            yield token
    if fixed:
        yield _fixed(fixed)


def _fixed(letters: list[str]) -> Fixed:
    """`letters` are in Python's words; those at the end that stand for themselves are a plain text, too."""
    plain = takewhile(lambda letter: letter != "^" and len(letter) == 1 + _is_quoted(letter), reversed(letters))
    return Fixed(re.compile("".join(letters), re.ASCII), "".join(letter[-1] for letter in plain)[::-1])


def _is_quoted(letter: str) -> bool:
    return letter[0] == "\\" and not letter[1].isalnum()


def _letters_at(go: str, at: int) -> tuple[int, str]:
    """The end of a letter, a set or an escape, and the same in Python's words."""
    letter = go[at]
    if letter == "[":
        return _set(go, at + 1)
    if letter == "\\":
        return at + 2, _outside(go[at + 1 : at + 2])
    return at + 1, letter


def _outside(letter: str) -> str:
    """An escape that stands in no set."""
    if letter in _PLACES:
        return _PLACES[letter]
    if letter.lower() in _SETS:
        return f"[{'^' if letter.isupper() else ''}{_SETS[letter.lower()]}]"
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
            if name.removeprefix("^") not in _POSIX:
                raise ValueError(f"there are no letters that are called [:{name}:]")
            (complements if name.startswith("^") else parts).append(_POSIX[name.removeprefix("^")])
            at = end + 2
        elif go.startswith("\\", at) and go[at + 1 : at + 2].lower() in _SETS:
            letter = go[at + 1]
            (complements if letter.isupper() else parts).append(_SETS[letter.lower()])
            at += 2
        else:
            at, text = _range(go, at)
            parts.append(text)
    inside = "".join(parts)
    either = "|".join((*([f"[{inside}]"] if inside else ()), *(f"[^{part}]" for part in complements)))
    if not complements:
        return at + 1, f"[{'^' if negated else ''}{inside}]"
    return at + 1, rf"(?>(?!{either})(?:.|\n))" if negated else f"(?>{either})"


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
    if letter in _LETTERS:
        return _LETTERS[letter]
    if letter.isascii() and letter.isalnum():
        raise ValueError(f"a backslash before `{letter}` is no escape; write `{letter}` alone")
    return letter


def _quoted(letter: str) -> str:
    return letter if letter.isalnum() or not letter.isascii() else re.escape(letter)
