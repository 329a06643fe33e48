"""Which program the control plane runs: it keeps the code that it was started with, whatever is installed now."""

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLOORS = ("deployments", "flows", "infra_specs", "tasks")


@cache
def program_digest() -> str:
    """A short name for the code of this program: equal for equal code, wherever it lies."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(_sources()):
        with open(path, "rb") as file:  # noqa: PTH123 - a Path of each takes longer than to read it
            digest.update(os.fsencode(path.removeprefix(str(ROOT))) + b"\0" + file.read() + b"\0")
    return digest.hexdigest()


def _sources() -> Iterator[str]:
    for floor in FLOORS:
        for folder, _, names in os.walk(ROOT / floor):
            yield from (f"{folder}/{name}" for name in names if name.endswith(".py"))


def other_program_note(running: str) -> str:
    """A sentence for a control plane that runs other code than this program; empty for the same code."""
    if running == program_digest():
        return ""
    return (
        "The control plane was started by another version of Tenfold than this command, and works on with that one's "
        "code. To bring it up to date: tenfold server stop, then tenfold server start"
    )
