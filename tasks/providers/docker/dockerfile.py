"""What a Dockerfile starts from: read as far as that takes, so that a changed base makes another image and a mirror is
asked where there is one."""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

_line = re.compile(r"[^\n]*\n|[^\n]+")
_reference = re.compile(r"[\w./:@-]+")
_variable = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_from = re.compile(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_arg = re.compile(r"ARG\s+(\w+)(?:=(?:\"([^\"]*)\"|'([^']*)'|(\S*)))?", re.IGNORECASE)
_copy = re.compile(r"(?:COPY|ADD)\s+(?:--\S+\s+)*?--from=(\S+)", re.IGNORECASE)


def bases(text: str, args: Mapping[str, str]) -> tuple[str, ...]:
    """The images that a Dockerfile takes from elsewhere, each once: FROM and COPY --from, its own stages left out.

    `args` are given values of its ARGs, of which only those before the first FROM mean anything here.
    """
    return tuple(dict.fromkeys(part.image for part in _parts(text, args) if part.image))


def with_bases(text: str, args: Mapping[str, str], instead: Callable[[str], str]) -> str:
    """The Dockerfile with those images taken from where `instead` says; as it is where it says the same."""
    made = []
    for part in _parts(text, args):
        other = instead(part.image) if part.image else ""
        start, end = part.span
        end_of_line = "\n" if part.raw.endswith("\n") else ""
        changed = f"{part.joined[:start]}{other}{part.joined[end:]}{end_of_line}"
        made.append(part.raw if other == part.image else changed)
    return "".join(made)


@dataclass(frozen=True, slots=True)
class _Part:
    """An instruction, or lines that are none, and where it names an image from elsewhere."""

    raw: str
    joined: str
    image: str = ""
    span: tuple[int, int] = (0, 0)
    """Of the name, in `joined`."""


def _parts(text: str, args: Mapping[str, str]) -> Iterator[_Part]:
    known: dict[str, str] = {}
    stages: set[str] = set()
    begun = False
    for raw, line in _instructions(text):
        if stage := _from.match(line):
            begun, image = True, _filled(stage[1], known)
            elsewhere = _is_elsewhere(image, stages)
            stages |= {stage[2].lower()} if stage[2] else set()
            yield _Part(raw, line, image, stage.span(1)) if elsewhere else _Part(raw, line)
        elif (copied := _copy.match(line)) and _is_elsewhere(copied[1], stages):
            yield _Part(raw, line, copied[1], copied.span(1))
        else:
            if (given := _arg.match(line)) and not begun:
                default = next((value for value in given.groups()[1:] if value is not None), "")
                known[given[1]] = args.get(given[1], _filled(default, known))
            yield _Part(raw, line)


def _is_elsewhere(image: str, stages: Set[str]) -> bool:
    """Whether it is an image's name, as far as can be seen, and none of the Dockerfile's own stages."""
    own = image.lower() in stages or image == "scratch" or image.isdigit()
    return not own and _reference.fullmatch(image) is not None


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each as it stands, and in one line without the comments in it; comments by themselves."""
    raw = joined = ""
    for line in _line.findall(text):
        raw += line
        comment = line.lstrip().startswith("#")
        if joined and (comment or not line.strip()):
            continue
        if comment:
            yield raw, ""
            raw = ""
            continue
        joined += line.rstrip() if joined else line.strip()
        if joined.endswith("\\"):
            joined = joined[:-1]
            continue
        yield raw, joined
        raw = joined = ""
    yield raw, joined


def _filled(text: str, known: Mapping[str, str]) -> str:
    return _variable.sub(lambda name: known.get(name[1] or name[3]) or name[2] or "", text)
