"""What of a folder is left out by `.gitignore`, read as Git reads it.

The last pattern that fits decides; files deeper in the folder come after those above them. What lies in a folder that
is left out cannot be taken back.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of one file. `base` is the folder of that file, empty or with a slash at its end."""

    base: str
    expression: re.Pattern[str]
    exception: bool
    folders_only: bool

    def fits(self, path: str, *, is_folder: bool) -> bool:
        """Whether it speaks of this very path."""
        if (self.folders_only and not is_folder) or not path.startswith(self.base):
            return False
        return self.expression.fullmatch(path[len(self.base) :]) is not None


@dataclass(frozen=True, slots=True)
class GitIgnored:
    """The rules of all files that were met on the way to a folder."""

    rules: tuple[Rule, ...] = ()

    def with_file(self, content: bytes, base: str) -> "GitIgnored":
        """Also those of a `.gitignore` in the folder `base`. A line that is no pattern fits nothing."""
        lines = content.decode(errors="replace").removeprefix(_MARK).split("\n")
        rules = (_rule(line.removesuffix("\r"), base) for line in lines)
        return GitIgnored((*self.rules, *(rule for rule in rules if rule)))

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path is left out, if no folder above it is."""
        return any(
            not rule.exception
            for rule in _first(rule for rule in reversed(self.rules) if rule.fits(path, is_folder=is_folder))
        )


def _first(rules: Iterable[Rule]) -> Iterable[Rule]:
    for rule in rules:
        yield rule
        return


def _rule(line: str, base: str) -> Rule | None:
    """None for a comment, an empty line, and what is no pattern."""
    if line.startswith("#"):
        return None
    text = re.sub(r"(?<!\\) +$", "", line)
    exception = text.startswith("!")
    text = text.removeprefix("!") if exception else text
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    if not text:
        return None
    parts = text.removeprefix("/").split("/")
    anchored = "/" in text
    try:
        return Rule(base, re.compile(_expression(parts, anchored=anchored), re.DOTALL), exception, folders_only)
    except re.error:
        return None


def _expression(parts: list[str], *, anchored: bool) -> str:
    made = "" if anchored else "(?:.*/)?"
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            made += ".+" if last else "(?:[^/]+/)*"
        else:
            made += _part(part) + ("" if last else "/")
    return made


def _part(text: str) -> str:
    """A pattern of one name."""
    made, at = "", 0
    while at < len(text):
        letter, at = text[at], at + 1
        if letter == "*":
            made += "" if made.endswith("[^/]*") else "[^/]*"
        elif letter == "?":
            made += "[^/]"
        elif letter == "\\" and at < len(text):
            made, at = made + re.escape(text[at]), at + 1
        elif letter == "[" and (end := text.find("]", at + 1 + text[at : at + 1].count("!"))) > 0:
            inside = text[at:end].replace("\\", "\\\\").replace("[", "\\[")
            made, at = made + f"(?!/)[{'^' + inside[1:] if inside[:1] in '!^' else inside}]", end + 1
        else:
            made += re.escape(letter)
    return made
