"""Which program the control plane runs: it keeps the code that it was started with, whatever is installed now."""

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLOORS = ("deployments", "flows", "infra_specs", "tasks")


@cache
def program_digest() -> str:
    """A short name for the code of this program: equal for equal code, wherever it lies."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def other_program_note(running: str) -> str:
    """A sentence for a control plane that runs other code than this program; empty for the same code."""
    if running == program_digest():
        return ""
    return (
        "The control plane was started by another version of Tenfold than this command, and works on with that one's "
        "code. To bring it up to date: tenfold server stop, then tenfold server start"
    )
