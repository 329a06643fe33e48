"""What a Dockerfile starts from: read as far as that takes, so that a changed base makes another image."""

import re
from collections.abc import Iterator, Mapping

_variable = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_from = re.compile(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_arg = re.compile(r"ARG\s+(\w+)(?:=(?:\"([^\"]*)\"|'([^']*)'|(\S*)))?", re.IGNORECASE)
_copy = re.compile(r"(?:COPY|ADD)\s+(?:--\S+\s+)*?--from=(\S+)", re.IGNORECASE)


def bases(text: str, args: Mapping[str, str]) -> tuple[str, ...]:
    """The images that a Dockerfile takes from elsewhere, each once: FROM and COPY --from, its own stages left out.

    `args` are given values of its ARGs, of which only those before the first FROM mean anything here.
    """
    known: dict[str, str] = {}
    stages: set[str] = set()
    found: dict[str, None] = {}
    for line in _lines(text):
        if stage := _from.match(line):
            image = _filled(stage[1], known)
            if image.lower() not in stages and image != "scratch":
                found[image] = None
            stages |= {stage[2].lower()} if stage[2] else set()
        elif (given := _arg.match(line)) and not found and not stages:
            default = next((value for value in given.groups()[1:] if value is not None), "")
            known[given[1]] = args.get(given[1], _filled(default, known))
        elif (copied := _copy.match(line)) and not copied[1].isdigit() and copied[1].lower() not in stages:
            found[copied[1]] = None
    return tuple(image for image in found if image)


def _lines(text: str) -> Iterator[str]:
    """Instructions, continued lines joined and comments left out."""
    joined = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#") or (joined and not line.strip()):
            continue
        joined += line.strip()
        if joined.endswith("\\"):
            joined = f"{joined[:-1]} "
            continue
        yield joined
        joined = ""
    yield joined


def _filled(text: str, known: Mapping[str, str]) -> str:
    return _variable.sub(lambda name: known.get(name[1] or name[3]) or name[2] or "", text)
