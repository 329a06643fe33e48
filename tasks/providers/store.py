"""Small texts that a target keeps for us: what is recorded of a thing that holds no record, and a proxy's files.

A target keeps them where it can: files, labels of volumes, Swarm configs, tags. They differ in what one entry holds.
"""

import contextlib
from pathlib import Path
from typing import Protocol

from infra_specs.errors import ProviderError
from tasks.base.atomic_write import replace_file, unique_draft


class Store(Protocol):
    """Texts by stack and name. Names have the letters, digits, dots and dashes of a file name, and begin with neither.

    All calls block and may run in several threads and processes at once.
    """

    largest: int
    """The most characters that one text may have."""

    def names(self, stack: str) -> tuple[str, ...]:
        """The name of every text of the stack, sorted. Of an unknown stack: none."""

    def read(self, stack: str, name: str) -> str | None:
        """The newest text that was written whole; None if there is none."""

    def write(self, stack: str, name: str, text: str) -> None:
        """Replace the text: whoever reads, or comes after a kill, gets the old or the new one.

        Raises ProviderError for a text longer than `largest`.
        """

    def remove(self, stack: str, name: str) -> None:
        """Remove it. Gone already: success."""


class FileStore:
    """A `Store` in a folder: a folder each stack, a file each text, for its owner alone."""

    largest = 2**20

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, stack: str) -> tuple[str, ...]:
        folder = self._folder / stack
        try:
            return tuple(sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")))
        except FileNotFoundError:
            return ()

    def read(self, stack: str, name: str) -> str | None:
        try:
            return (self._folder / stack / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write(self, stack: str, name: str, text: str) -> None:
        refuse_larger(self, name, text)
        folder = self._folder / stack
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(folder / name, text.encode(), draft=unique_draft(folder / name))

    def remove(self, stack: str, name: str) -> None:
        (self._folder / stack / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # it holds more, or is gone
            (self._folder / stack).rmdir()


def refuse_larger(store: Store, name: str, text: str) -> None:
    """Raises ProviderError for a text that one entry of the store cannot hold."""
    if len(text) > store.largest:
        raise ProviderError(
            f"{name} has {len(text)} characters, and this target keeps at most {store.largest} in one piece: make it "
            "smaller"
        )
