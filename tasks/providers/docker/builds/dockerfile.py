"""What a Dockerfile takes from elsewhere: read as far as that takes, so that a changed base makes another image and a
mirror is asked where there is one."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import takewhile

from tasks.providers.docker.builds.instructions import Instruction, escape_of, instructions
from tasks.providers.docker.builds.words import UnreadableWord, expanded, split

_REFERENCE = re.compile(r"[\w./:@\[\]-]+")
_FLAG = r"--(?:\"[^\"]*\"|'[^']*'|[^\s\"'])+\s+"
_FROM = re.compile(rf"FROM\s+(?:{_FLAG})*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_ARG = re.compile(r"ARG\s+(.*)", re.IGNORECASE | re.DOTALL)
_COPY = re.compile(rf"(?:COPY|ADD)\s+(?:{_FLAG})*?--from=[\"']?([^\s\"']+)", re.IGNORECASE)
_RUN = re.compile(rf"RUN\s+(?:{_FLAG})+", re.IGNORECASE)
_MOUNTED = re.compile(r"--mount=[\"']?(?:[^\s,\"']+,)*from=([^\s,\"']+)")
_LINKED = re.compile(rf"(?:ONBUILD\s+)?(COPY|ADD)\s+(?:{_FLAG})*?--link(?:=\S*)?\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Arguments:
    """Values of ARGs: those that are given, and those of the platform, which need no ARG before the first FROM."""

    given: Mapping[str, str]
    platform: Mapping[str, str]


def bases(text: str, args: Arguments) -> tuple[str, ...]:
    """The images that a Dockerfile takes from elsewhere, each once: FROM, COPY --from and RUN --mount=from=, its own
    stages left out."""
    return tuple(dict.fromkeys(named.image for part in _parts(text, args) for named in part.images))


def with_bases(text: str, args: Arguments, instead: Callable[[str], str]) -> str:
    """The Dockerfile with those images taken from where `instead` says; as it is where it says the same."""
    return "".join(_moved(part, instead) for part in _parts(text, args))


def newer_words(text: str) -> tuple[str, ...]:
    """What a Dockerfile uses that Docker Engine 23 was the first to read by itself, each once: heredocs, links."""
    words = list[str]()
    for instruction in instructions(text):
        words += ["heredocs (<<)"] if instruction.body else []
        words += [f"{linked[1].upper()} --link"] if (linked := _LINKED.match(instruction.line)) else []
    return tuple(dict.fromkeys(words))


@dataclass(frozen=True, slots=True)
class _Named:
    """An image from elsewhere, and where in an instruction it is named."""

    image: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Part:
    """An instruction, and the images that it names."""

    instruction: Instruction
    images: tuple[_Named, ...] = ()


def _moved(part: _Part, instead: Callable[[str], str]) -> str:
    instruction = part.instruction
    others = [(named, other) for named in part.images if (other := instead(named.image)) != named.image]
    if not others:
        return f"{instruction.raw}{instruction.body}"
    line = instruction.line
    for named, other in reversed(others):
        line = f"{line[: named.span[0]]}{other}{line[named.span[1] :]}"
    end_of_line = "\n" if instruction.raw.endswith("\n") else ""
    return f"{line}{end_of_line}{instruction.body}"


def _parts(text: str, args: Arguments) -> Iterator[_Part]:
    escape = escape_of(text)
    listed = list(instructions(text))
    values = _global_values(listed, args, escape)
    stages = {stage[2].lower() for instruction in listed if (stage := _FROM.match(instruction.line)) and stage[2]}
    earlier: set[str] = set()
    for instruction in listed:
        line = instruction.line
        named: Sequence[_Named] = ()
        known: Set[str] = stages
        if stage := _FROM.match(line):
            # A stage starts from an earlier one; what it copies from may come later.
            named, known = (_Named(_filled(stage[1], values, escape), stage.span(1)),), frozenset(earlier)
            earlier |= {stage[2].lower()} if stage[2] else set()
        elif copied := _COPY.match(line):
            named = (_Named(copied[1], copied.span(1)),)
        elif flags := _RUN.match(line):
            named = [_Named(mount[1], mount.span(1)) for mount in _MOUNTED.finditer(line, 0, flags.end())]
        yield _Part(instruction, tuple(image for image in named if _is_elsewhere(image.image, known)))


def _global_values(listed: Sequence[Instruction], args: Arguments, escape: str) -> dict[str, str]:
    """The values that a FROM may use: those of the platform, and of the ARGs before the first stage."""
    values = {name: args.given.get(name, value) for name, value in args.platform.items()}
    for instruction in takewhile(lambda instruction: not _FROM.match(instruction.line), listed):
        arguments = _ARG.match(instruction.line)
        for word in split(arguments[1], escape) if arguments else ():
            name, has_default, default = word.partition("=")
            if name in args.given:
                values[name] = args.given[name]
            elif has_default:
                values[name] = _filled(default, values, escape)
    return values


def _filled(word: str, values: Mapping[str, str], escape: str) -> str:
    """Empty for a word that cannot be read: the builder says what is wrong with it."""
    try:
        return expanded(word, values, escape)
    except UnreadableWord:
        return ""


def _is_elsewhere(image: str, stages: Set[str]) -> bool:
    """Whether it is an image's name, as far as can be seen, and none of the Dockerfile's own stages."""
    own = image.lower() in stages or image == "scratch" or image.isdigit()
    return not own and _REFERENCE.fullmatch(image) is not None
