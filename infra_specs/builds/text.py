"""Paths and texts as Go sees them."""

import posixpath

_SPACES = "".join(chr(number) for number in (*range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
WHITE = f"\t\n\v\f\r \x85\xa0\u1680{_SPACES}"
"""What Go's `strings.TrimSpace` takes away."""


def cleaned(path: str) -> str:
    """The shortest path that says the same, as Go's `filepath.Clean` makes it."""
    made = posixpath.normpath(path)
    return made[1:] if made.startswith("//") else made


def is_broken(letter: str) -> bool:
    """Whether it stands for a byte that is no UTF-8, as Python's `surrogateescape` reads such a byte."""
    return "\udc80" <= letter <= "\udcff"
