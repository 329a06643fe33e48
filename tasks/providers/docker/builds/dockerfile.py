"""What a Dockerfile takes from elsewhere: read as far as that takes, so that a changed base makes another image and a
mirror is asked where there is one."""

import re
import shlex
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_REFERENCE = re.compile(r"[\w./:@-]+")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_ARG = re.compile(r"ARG\s+(\w+)(?:=(?:\"([^\"]*)\"|'([^']*)'|(\S*)))?", re.IGNORECASE)
_COPY = re.compile(r"(?:COPY|ADD)\s+(?:--\S+\s+)*?--from=(\S+)", re.IGNORECASE)
_RUN = re.compile(r"RUN\s+(?:--\S+\s+)+", re.IGNORECASE)
_MOUNTED = re.compile(r"--mount=(?:[^\s,]+,)*from=([^\s,]+)")
_DIRECTIVE = re.compile(r"#[ \t]*(\w+)[ \t]*=[ \t]*(\S+)[^\n]*(?:\n|$)")
_WITH_HEREDOCS = re.compile(r"(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", re.IGNORECASE)
_HEREDOC = re.compile(r"\d*<<(-?)([\"']?)([^<\s\"']+)\2")


def bases(text: str, args: Mapping[str, str]) -> tuple[str, ...]:
    """The images that a Dockerfile takes from elsewhere, each once: FROM, COPY --from and RUN --mount=from=, its own
    stages left out.

    `args` are given values of its ARGs, of which only those before the first FROM mean anything here.
    """
    return tuple(dict.fromkeys(named.image for part in _parts(text, args) for named in part.images))


def with_bases(text: str, args: Mapping[str, str], instead: Callable[[str], str]) -> str:
    """The Dockerfile with those images taken from where `instead` says; as it is where it says the same."""
    return "".join(_moved(part, instead) for part in _parts(text, args))


def has_heredoc(text: str) -> bool:
    """Whether an instruction's text goes on in lines of its own."""
    return any(body for _, _, body in _instructions(text))


def syntax_image(text: str) -> str:
    """The image that shall read this Dockerfile (`# syntax=`), or an empty text."""
    return next((directive[2] for directive in _directives(text) if directive[1].lower() == "syntax"), "")


def with_syntax_image(text: str, image: str) -> str:
    """The Dockerfile read by this image, or by the builder itself if the name is empty.

    Every line that is none of a directive keeps its number, for the builder's messages.
    """
    directives = _directives(text)
    syntax = next((directive for directive in directives if directive[1].lower() == "syntax"), None)
    if syntax is None or syntax[2] == image:
        return text
    if image:
        return f"{text[: syntax.start(2)]}{image}{text[syntax.end(2) :]}"
    # Below anything else the other directives would be comments.
    end = directives[-1].end()
    return f"{text[: syntax.start()]}{text[syntax.end() : end]}#\n{text[end:]}"


@dataclass(frozen=True, slots=True)
class _Named:
    """An image from elsewhere, and where in an instruction it is named."""

    image: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Part:
    """An instruction, or lines that are none: as it stands, in one line, and the texts that follow it."""

    raw: str
    joined: str
    body: str
    images: tuple[_Named, ...] = ()


def _moved(part: _Part, instead: Callable[[str], str]) -> str:
    others = [(named, other) for named in part.images if (other := instead(named.image)) != named.image]
    if not others:
        return f"{part.raw}{part.body}"
    line = part.joined
    for named, other in reversed(others):
        line = f"{line[: named.span[0]]}{other}{line[named.span[1] :]}"
    end_of_line = "\n" if part.raw.endswith("\n") else ""
    return f"{line}{end_of_line}{part.body}"


def _parts(text: str, args: Mapping[str, str]) -> Iterator[_Part]:
    values: dict[str, str] = {}
    stages: set[str] = set()
    begun = False
    for raw, line, body in _instructions(text):
        named: Sequence[_Named] = ()
        if stage := _FROM.match(line):
            begun = True
            named = (_Named(_filled(stage[1], values), stage.span(1)),)
        elif copied := _COPY.match(line):
            named = (_Named(copied[1], copied.span(1)),)
        elif flags := _RUN.match(line):
            named = [_Named(mount[1], mount.span(1)) for mount in _MOUNTED.finditer(line, 0, flags.end())]
        elif (given := _ARG.match(line)) and not begun:
            default = next((value for value in given.groups()[1:] if value is not None), "")
            values[given[1]] = args.get(given[1], _filled(default, values))
        yield _Part(raw, line, body, tuple(image for image in named if _is_elsewhere(image.image, stages)))
        if stage and stage[2]:
            stages.add(stage[2].lower())


def _is_elsewhere(image: str, stages: Set[str]) -> bool:
    """Whether it is an image's name, as far as can be seen, and none of the Dockerfile's own stages."""
    own = image.lower() in stages or image == "scratch" or image.isdigit()
    return not own and _REFERENCE.fullmatch(image) is not None


def _instructions(text: str) -> Iterator[tuple[str, str, str]]:
    """Each as it stands, in one line without the comments in it, and its heredocs; comments by themselves."""
    raw = joined = ""
    lines = deque(_LINE.findall(text))
    while lines:
        line = lines.popleft()
        raw += line
        comment = line.lstrip().startswith("#")
        if joined and (comment or not line.strip()):
            continue
        if comment:
            yield raw, "", ""
            raw = ""
            continue
        joined += line.rstrip() if joined else line.strip()
        if joined.endswith("\\"):
            joined = joined[:-1]
            continue
        yield raw, joined, _body(joined, lines)
        raw = joined = ""
    yield raw, joined, ""


def _body(instruction: str, lines: deque[str]) -> str:
    """The heredocs of an instruction, taken from the lines that follow it."""
    body = list[str]()
    for tabs, end in _heredocs(instruction):
        texts = ((line.lstrip("\t") if tabs else line).rstrip("\r\n") for line in lines)
        length = next((number for number, line in enumerate(texts, 1) if line == end), 0)
        body += [lines.popleft() for _ in range(length)]
    return "".join(body)


def _heredocs(instruction: str) -> list[tuple[bool, str]]:
    """The ends of the texts that follow an instruction, and whether tabs may stand before them."""
    if not _WITH_HEREDOCS.match(instruction):
        return []
    try:
        words = shlex.split(instruction, posix=False)
    except ValueError:
        return []
    return [(bool(match[1]), match[3]) for word in words if (match := _HEREDOC.fullmatch(word))]


def _directives(text: str) -> list[re.Match[str]]:
    """The lines that may stand before everything else, such as `# syntax=` and `# escape=`."""
    directives, at = list[re.Match[str]](), 0
    while directive := _DIRECTIVE.match(text, at):
        directives.append(directive)
        at = directive.end()
    return directives


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda name: values.get(name[1] or name[3]) or name[2] or "", text)
