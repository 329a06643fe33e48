"""The parts of a secret's value that no text may hold: the whole, its lines, the passwords and other parts in it."""

import re
from functools import lru_cache

from infra_specs.redaction.parts import lines, parts
from infra_specs.redaction.urls import passwords

SHORTEST = 8
"""Characters of a value. A shorter one occurs in ordinary text, so to replace it destroys sentences."""
_PEM_BORDER = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]+-----")


@lru_cache(maxsize=4096)
def needles(value: str | bytes) -> tuple[str, ...]:
    """Each part to look for, once, as text. Bytes are told as Latin-1: one character for each byte."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    inner = list(dict.fromkeys(parts(text)))
    texts = [_trimmed(text), *lines(text), *inner]
    texts += [password for part in (text, *inner) for password in passwords(part)]
    return tuple(needle for needle in dict.fromkeys(map(_trimmed, texts)) if _is_told_apart(needle))


def _is_told_apart(needle: str) -> bool:
    return len(needle) >= SHORTEST and bool(needle.strip()) and not _PEM_BORDER.fullmatch(needle)


def _trimmed(text: str) -> str:
    """Without white space around it, which programs take off: what is left is found with it and without it."""
    inner = text.strip()
    return inner if len(inner) >= SHORTEST else text
