"""The parts of a secret's value that no text may hold: the whole, its lines, the password in it."""

import re
from collections.abc import Iterator

from infra_specs.redaction.urls import passwords

shortest = 8
"""Characters of a value. A shorter one occurs in ordinary text, so to replace it destroys sentences."""
shortest_line = 16
"""Characters of a line of a value that is found on its own."""
_pem_border = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]+-----")


def needles(value: str | bytes) -> Iterator[str]:
    """Each part to look for, once, as text. Bytes are told as Latin-1: one character for each byte."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    parts = [_trimmed(text)]
    parts += [line.strip() for line in text.splitlines() if len(line.strip()) >= shortest_line]
    parts += [_trimmed(password) for password in passwords(text)]
    for part in dict.fromkeys(parts):
        if len(part) >= shortest and part.strip() and not _pem_border.fullmatch(part):
            yield part


def _trimmed(text: str) -> str:
    """Without white space around it, which programs take off: what is left is found with it and without it."""
    inner = text.strip()
    return inner if len(inner) >= shortest else text
