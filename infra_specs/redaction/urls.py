"""Credentials inside URLs, whoever put them there: `https://user:***@host`."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

_scheme = r"[A-Za-z][A-Za-z0-9+.-]{0,30}:(?:\\{0,15}/){2}"
_with_password = re.compile(rf"{_scheme}[^\s/:@\"'<>]*:([^\s/\"'<>]+)@")
_token_alone = re.compile(r"https?:(?:\\{0,15}/){2}([^\s/:@\"'<>]{16,})@")
"""A user's name alone is no secret; what is as long as this in front of a web host is a token."""


def credentials(text: str) -> Iterator[tuple[int, int]]:
    """Where the passwords and tokens of URLs are in a text."""
    if "@" not in text:
        return
    for pattern in (_with_password, _token_alone):
        for match in pattern.finditer(text):
            yield match.span(1)


def passwords(text: str) -> Iterator[str]:
    """The passwords of URLs in a text, decoded: the value of a secret may be a whole URL."""
    for begin, end in credentials(text):
        yield unquote(text[begin:end])
