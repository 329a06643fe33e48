"""What of a build's folder is left out: `.dockerignore`, read as BuildKit reads it.

The rules are those of moby/patternmatcher: the last pattern that matches a file, or a folder above it, decides; a
pattern that begins with `!` takes back what one before it left out.
"""

from dataclasses import dataclass, field

from infra_specs.builds.expression import Kind, compiled, go_expression
from infra_specs.builds.glob import fault
from infra_specs.builds.matcher import Matcher
from infra_specs.builds.text import WHITE, cleaned
from infra_specs.errors import SpecError

_WILD = "*[]?^\\"
_MARK = "\ufeff"
Matched = tuple[bool, ...]
"""For each pattern whether it matches a path."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of the file. `text` is its cleaned path."""

    text: str
    exception: bool
    kind: Kind
    expression: Matcher | None = field(repr=False, compare=False)

    def matches(self, path: str) -> bool:
        """Whether it matches this very path."""
        match self.kind:
            case "exact":
                return path == self.text
            case "prefix":
                return path.startswith(self.text[:-2])
            case "suffix":
                ending = self.text[2:]
                return path.endswith(ending) or (ending.startswith("/") and path == ending[1:])
            case "expression":
                assert self.expression is not None
                return self.expression.match(path)


@dataclass(frozen=True, slots=True)
class Ignored:
    """The patterns of a file. Paths start at the build's folder and have slashes between their parts."""

    patterns: tuple[Pattern, ...] = ()

    def verdict(self, path: str, above: Matched = ()) -> tuple[bool, Matched]:
        """Whether a path is left out, and what its children's verdicts need to be told as `above`."""
        out, matched = False, list[bool]()
        for number, pattern in enumerate(self.patterns):
            match = bool(above) and above[number]
            if not match and pattern.exception == out:
                match = pattern.matches(path)
            matched.append(match)
            if match:
                out = not pattern.exception
        return out, tuple(matched)

    def ignores(self, path: str) -> bool:
        """Whether a path is left out."""
        out, above, parts = False, Matched(), path.split("/")
        for number in range(len(parts)):
            out, above = self.verdict("/".join(parts[: number + 1]), above)
        return out

    def may_keep_below(self, folder: str) -> bool:
        """Whether anything below a folder that is left out can be taken back."""
        exceptions = [_bare(pattern.text) for pattern in self.patterns if pattern.exception]
        if any(letter in text for text in exceptions for letter in _WILD):
            return True
        return any(f"{text}/".startswith(f"{folder}/") for text in exceptions)


def read_ignore_file(content: bytes, name: str) -> Ignored:
    """The patterns of a file that is called `name`. Raises SpecError that names the line it cannot make sense of."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise SpecError(
            f"{name} is not UTF-8 text (UTF-16, it seems), so it would leave nothing out. Save it as UTF-8."
        )
    lines = content.decode("utf-8", "surrogateescape").removeprefix(_MARK).split("\n")
    patterns = list[Pattern]()
    for number, line in enumerate(lines, 1):
        try:
            if pattern := _pattern(line):
                patterns.append(pattern)
        except ValueError as error:
            shown = line.strip(WHITE).encode(errors="replace").decode()
            raise SpecError(f"{name}, line {number}: `{shown}` is no pattern: {error}. Correct that line.") from None
    return Ignored(tuple(patterns))


def _pattern(line: str) -> Pattern | None:
    """None for a comment or an empty line. Raises ValueError."""
    text = line.strip(WHITE)
    if line.startswith("#") or not text:
        return None
    exception = text.startswith("!")
    text = text.removeprefix("!").strip(WHITE) if exception else text
    text = cleaned(text) if text else ""
    text = text[1:] if len(text) > 1 and text.startswith("/") else text
    # The rest is read once more, from what is one path with its mark.
    text = cleaned(f"!{text}" if exception else text).strip(WHITE)
    exception, text = text.startswith("!"), text.removeprefix("!")
    if not text:
        raise ValueError("an exception must name something")
    if why := fault(text):
        raise ValueError(why)
    kind, expression = go_expression(text)
    return Pattern(text, exception, kind, compiled(expression) if kind == "expression" else None)


def _bare(text: str) -> str:
    return text.removesuffix("/**").removesuffix("/*")
