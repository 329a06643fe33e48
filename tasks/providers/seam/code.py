"""The content of a folder that a program runs in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FolderContent:
    """What a folder holds now, as 16 digits of a hash; empty if it is not copied, and then `note` says why."""

    digest: str
    note: str = ""
