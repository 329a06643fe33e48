"""What only a shell understands, in commands that no shell reads."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

_SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh")
_OPERATOR = re.compile(r"&&|\|\|?|&|[0-9]?(>>?|<)|[0-9]?>&[0-9]")
_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_])")


def shell_note(key: str, words: Sequence[str]) -> str:
    """A sentence about the first such word of the command under this key; nothing if there is none, or a shell."""
    if any(PurePosixPath(word).name in _SHELLS for word in words):
        return ""
    word = next((word for word in words if _OPERATOR.fullmatch(word) or _VARIABLE.search(word)), None)
    if word is None:
        return ""
    return f"{key} gets `{word}` as it is written, for no shell reads it. If one shall, write {key}: sh -c '…'"
