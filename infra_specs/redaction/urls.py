"""Credentials inside URLs, whoever put them there: `https://user:***@host`."""

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]{0,30}:(?:\\{0,15}/){2}"
_USER = r"[^\s/:@\"'<>]*"
_WITH_PASSWORD = re.compile(rf"{_SCHEME}{_USER}:([^\s/\"'<>]+)@")
_WITH_SLASHES = re.compile(
    rf"{_SCHEME}(?!\[){_USER}:(?!\d{{1,5}}\\{{0,15}}/|(?:\\{{0,15}}/){{2}})"
    r"([^\s/@\"'<>]{0,1000}+/[^\s@\"'<>]{0,1000}+(?:@[^\s/@\"'<>]{1,1000}+(?=@))*+)@(?=[\w\[])"
)
"""A password with a slash, up to an `@` that a host follows. A port in front of the slash makes it a path."""
_TOKEN_ALONE = re.compile(r"https?:(?:\\{0,15}/){2}([^\s/:@\"'<>]{16,})@")
"""A user's name alone is no secret; what is as long as this in front of a web host is a token."""
_AUTHORITY = re.compile(rf"{_SCHEME}{_USER}:")
_MOST_URLS = 100
"""In one value, where the end of a password is guessed."""


def credentials(text: str) -> Iterator[tuple[int, int]]:
    """Where the passwords and tokens of URLs are in a text."""
    if "@" not in text:
        return
    for pattern in (_WITH_PASSWORD, _WITH_SLASHES, _TOKEN_ALONE):
        for match in pattern.finditer(text):
            yield match.span(1)


def passwords(text: str) -> Iterator[str]:
    """The passwords of URLs in the value of a secret, as written and decoded.

    A program may read a password up to the first `@` that a host can follow, or up to the last one of its line.
    """
    for begin, end in credentials(text):
        yield from (text[begin:end], unquote(text[begin:end]))
    for match in islice(_AUTHORITY.finditer(text), _MOST_URLS):
        password = text[match.end() :].partition("\n")[0].rpartition("@")[0]
        yield from (password, unquote(password))
