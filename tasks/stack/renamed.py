"""Whether a stack that is new to the ledger is another one under a new name."""

import re
from collections.abc import Iterator
from pathlib import Path

from infra_specs.desired import StackSnapshot
from tasks.ledger import Ledger

_SUFFIXES = (".yaml", ".yml", ".json")
_NAME = re.compile(r"""^\s*["']?name["']?\s*:\s*["']?([a-z0-9-]+)""", re.MULTILINE)
"""A line of a spec's file that may hold its name: YAML or JSON."""


def renamed_note(ledger: Ledger, snapshot: StackSnapshot) -> str:
    """A sentence about running stacks from the same folder that none of its files names any more; empty without one.

    A stack that the ledger knows already has not been renamed.
    """
    if snapshot.recorded_target is not None:
        return ""
    others = [
        record.name
        for record in ledger.stacks.all()
        if record.wanted and record.source == snapshot.source and record.name != snapshot.stack.name
    ]
    named = set(_names_in(Path(snapshot.source))) if others else set[str]()
    if not (left := [name for name in others if name not in named]):
        return ""
    name, runs = snapshot.stack.name, "runs" if len(left) == 1 else "run"
    return (
        f"From this folder {', '.join(left)} {runs} already, and no file here is called so any more. If you renamed "
        f"it, {name} is a second stack beside it, without its data: write the old name again to go on with the first."
    )


def _names_in(folder: Path) -> Iterator[str]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix in _SUFFIXES and path.is_file():
            yield from _NAME.findall(path.read_text(encoding="utf-8", errors="replace"))
