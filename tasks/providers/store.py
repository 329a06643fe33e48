"""Small texts that a target keeps for us: what is recorded of a thing that holds no record, and a proxy's files.

A target keeps them where it can: files, labels of volumes, Swarm configs, tags. They differ in what one entry holds.
"""

from typing import Protocol

from infra_specs.errors import ProviderError


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


def refuse_larger(store: Store, name: str, text: str) -> None:
    """Raises ProviderError for a text that one entry of the store cannot hold."""
    if len(text) > store.largest:
        raise ProviderError(
            f"{name} has {len(text)} characters, and this target keeps at most {store.largest} in one piece: make it "
            "smaller"
        )
