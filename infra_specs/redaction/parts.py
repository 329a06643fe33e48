"""The parts of a structured value: the strings of JSON, the values in `name=value` and `name: value`, basic logins.

A program often shows one part alone: a private key, the password of a connection string, a parameter of a URL.
"""

import json
import re
from binascii import Error, a2b_base64
from collections.abc import Iterator
from urllib.parse import unquote_plus

SHORTEST_NAMED = 8
"""Characters of a part behind a name that calls it a secret."""
SHORTEST_PART = 16
"""Characters of any other part, and of a line of a part."""
_SECRET_NAME = re.compile(r"pass|pwd|secret|token|key|auth|credential|signature|^sig$", re.IGNORECASE)
_NAME = re.compile(r"(?:^|(?<=[\s?&;,{\"']))[\"']?([A-Za-z_][\w.-]{0,60})[\"']?(?:[ \t]{0,5}=[ \t]{0,5}|:[ \t]{1,5})")
_DEEPEST = 3
"""Structures within structures: a URL in an environment file in JSON."""


def parts(text: str, depth: int = _DEEPEST) -> Iterator[str]:
    """Every part that no text may hold on its own, as written and decoded."""
    leaves = _leaves(text)
    for name, part in _assigned(text) if leaves is None else leaves:
        if len(part) >= (SHORTEST_NAMED if _SECRET_NAME.search(name) else SHORTEST_PART):
            yield from (part, *lines(part), *_password_of_login(part))
            if depth and part != text:
                yield from parts(part, depth - 1)


def lines(text: str) -> Iterator[str]:
    """The lines of a text that are long enough to be found alone."""
    return (line.strip() for line in text.splitlines() if len(line.strip()) >= SHORTEST_PART)


def _leaves(text: str) -> list[tuple[str, str]] | None:
    """Each string in JSON with the name that it has there; None if it is no JSON."""
    try:
        waiting = [("", json.loads(text))]
    except (ValueError, RecursionError):
        return None
    leaves = list[tuple[str, str]]()
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += ((name, item) for item in value)
        elif isinstance(value, str):
            leaves.append((name, value.encode(errors="replace").decode()))  # half a character cannot be encoded
    return leaves


def _assigned(text: str) -> Iterator[tuple[str, str]]:
    """Each value behind a name: up to the next name of its line, and behind the first one up to the line's end."""
    for line in text.splitlines():
        names = list(_NAME.finditer(line))
        ends = [*(match.start() for match in names[1:]), len(line)]
        for match, end in zip(names, ends, strict=False):
            written = {line[match.end() : end], *([line[match.end() :]] if match is names[0] else ())}
            for part in sorted(written):
                yield from ((match[1], reading) for reading in sorted(_readings(part)))


def _readings(written: str) -> set[str]:
    """A value as written, without its quotes, and with its escapes undone as files, databases and URLs do."""
    bare = written.strip().rstrip("&;,")
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'":
        bare = bare[1:-1]
    unescaped = re.sub(r"\\(.)", lambda match: {"n": "\n", "r": "\r", "t": "\t"}.get(match[1], match[1]), bare)
    return {bare, unescaped, unquote_plus(bare) if "%" in bare else bare}


def _password_of_login(part: str) -> Iterator[str]:
    """Of `user:password` in base64, as registries and basic authentication keep it."""
    try:
        login = a2b_base64(part.removeprefix("Basic "), strict_mode=True).decode()
    except (Error, ValueError):
        return
    password = login.partition(":")[2]
    if len(password) >= SHORTEST_NAMED and password.isprintable():
        yield password
