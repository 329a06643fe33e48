"""A Dockerfile as instructions: continued lines in one, comments by themselves, heredocs with what they belong to."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.providers.docker.builds.words import split

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_DIRECTIVE = re.compile(r"#[ \t]*(\w+)[ \t]*=[ \t]*(\S+)[^\n]*(?:\n|$)")
_KNOWN_DIRECTIVES = ("syntax", "escape", "check")
_WITH_HEREDOCS = re.compile(r"(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", re.IGNORECASE)
_HEREDOC = re.compile(r"\d*<<(-?)([\"']?)([^<\s\"']+)\2")
_ESCAPES = ("\\", "`")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, or lines that are none: as it stands, in one line, and the heredocs that follow it."""

    raw: str
    line: str
    body: str


def instructions(text: str) -> Iterator[Instruction]:
    """All of a Dockerfile, so that raw texts and bodies together are the whole of it."""
    escape = escape_of(text)
    continued = re.compile(rf"(?:^|(?<!{re.escape(escape)})){re.escape(escape)}[ \t]*$")
    raw = joined = ""
    lines = deque(_LINE.findall(text))
    while lines:
        line = lines.popleft()
        raw += line
        comment = line.lstrip().startswith("#")
        if joined and (comment or not line.strip()):
            continue
        if comment:
            yield Instruction(raw, "", "")
            raw = ""
            continue
        joined += line.rstrip() if joined else line.strip()
        if continued.search(joined):
            joined = continued.sub("", joined)
            continue
        yield Instruction(raw, joined, _body(joined, escape, lines))
        raw = joined = ""
    yield Instruction(raw, joined, "")


def escape_of(text: str) -> str:
    """The sign that continues a line and takes a letter's meaning: a backslash, or what `# escape=` says."""
    return next((found[2] for found in directives(text) if found[1].lower() == "escape" and found[2] in _ESCAPES), "\\")


def directives(text: str) -> list[re.Match[str]]:
    """The lines that may stand before everything else: `# syntax=`, `# escape=` and `# check=`."""
    matches, at = list[re.Match[str]](), 0
    while (match := _DIRECTIVE.match(text, at)) and match[1].lower() in _KNOWN_DIRECTIVES:
        matches.append(match)
        at = match.end()
    return matches


def syntax_image(text: str) -> str:
    """The image that shall read this Dockerfile (`# syntax=`), or an empty text."""
    return next((directive[2] for directive in directives(text) if directive[1].lower() == "syntax"), "")


def with_syntax_image(text: str, image: str) -> str:
    """The Dockerfile read by this image, or by the builder itself if the name is empty.

    Every line that is none of a directive keeps its number, for the builder's messages.
    """
    matches = directives(text)
    syntax = next((directive for directive in matches if directive[1].lower() == "syntax"), None)
    if syntax is None or syntax[2] == image:
        return text
    if image:
        return f"{text[: syntax.start(2)]}{image}{text[syntax.end(2) :]}"
    # Below anything else the other directives would be comments.
    end = matches[-1].end()
    return f"{text[: syntax.start()]}{text[syntax.end() : end]}#\n{text[end:]}"


def _body(instruction: str, escape: str, lines: deque[str]) -> str:
    """The heredocs of an instruction, taken from the lines that follow it."""
    body = list[str]()
    for tabs, end in _heredocs(instruction, escape):
        texts = ((line.lstrip("\t") if tabs else line).rstrip("\r\n") for line in lines)
        length = next((number for number, line in enumerate(texts, 1) if line == end), 0)
        body += [lines.popleft() for _ in range(length)]
    return "".join(body)


def _heredocs(instruction: str, escape: str) -> list[tuple[bool, str]]:
    """The ends of the texts that follow an instruction, and whether tabs may stand before them."""
    if not _WITH_HEREDOCS.match(instruction):
        return []
    return [(bool(match[1]), match[3]) for word in split(instruction, escape) if (match := _HEREDOC.fullmatch(word))]
