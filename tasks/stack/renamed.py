"""Whether a stack that is new to the ledger is another one under a new name."""

import re
from collections.abc import Iterator
from pathlib import Path

from infra_specs.desired import StackSnapshot
from tasks.ledger import Ledger

_SUFFIXES = (".yaml", ".yml", ".json")
_MOST_BYTES = 64 * 1024
"""Of a file, which may be anything, that are looked at for a name."""
_NAME = re.compile(r"""^\s*["']?name["']?\s*:\s*["']?([a-z0-9-]+)""", re.MULTILINE)
"""A line of a spec's file that may hold its name: YAML or JSON."""


def renamed_note(ledger: Ledger, snapshot: StackSnapshot) -> str:
    """A sentence about running stacks from the same folder that none of its files names any more; empty without one.

    A stack that the ledger knows already has not been renamed. A folder that cannot be listed gives no sentence.
    """
    if snapshot.recorded_target is not None:
        return ""
    others = [
        record.name
        for record in ledger.stacks.all()
        if record.wanted and record.source == snapshot.source and record.name != snapshot.stack.name
    ]
    if not others:
        return ""
    try:
        named = set(_names_in(Path(snapshot.source)))
    except OSError:  # its files may still name all of them
        return ""
    if not (left := [name for name in others if name not in named]):
        return ""
    name, runs = snapshot.stack.name, "runs" if len(left) == 1 else "run"
    return (
        f"From this folder {', '.join(left)} {runs} already, and no file here is called so any more. If you renamed "
        f"it, {name} is a second stack beside it, without its data: write the old name again to go on with the first."
    )


def _names_in(folder: Path) -> Iterator[str]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix in _SUFFIXES:
            yield from _NAME.findall(_beginning(path))


def _beginning(path: Path) -> str:
    """The first text of a file; empty for what cannot be read."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode(errors="replace")
    except OSError:
        return ""
