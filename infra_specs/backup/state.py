"""How good a backup is: written, proven by restoring it, or failed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["written", "proven", "failed"]
"""`written`: it is whole in its store, and nobody has restored it. `proven`: it was restored, and all of it was there.
`failed`: it was restored, or was tried to be, and something was not as it should be."""


@dataclass(frozen=True, slots=True)
class Fall:
    """What fell to less than half since an earlier backup, each as it was and as it is; None for what did not."""

    since: str
    """The name of the earlier backup."""
    rows: tuple[int, int] | None = None
    size: tuple[int, int] | None = None

    def __str__(self) -> str:
        numbers = (("rows", self.rows), ("bytes", self.size))
        falls = (f"its {what} fell from {pair[0]} to {pair[1]}" for what, pair in numbers if pair)
        return f"compared with {self.since}, {' and '.join(falls)}"


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup in a store. Only a proven one counts as good."""

    name: str
    began: float
    """Seconds since the epoch."""
    state: State
    reason: str = ""
    """Why it is not proven; of a proven one empty."""
    size: int = 0
    """Bytes in the store."""
    is_readable: bool = True
    """False where its manifest does not open: it may be of another key, which somebody has."""
    fall: Fall | None = None
    """What it has less than half of, compared with the backup before it."""


def newest_proven(backups: Iterable[Backup]) -> Backup | None:
    """The newest backup that counts."""
    proven = [backup for backup in backups if backup.state == "proven"]
    return max(proven, key=lambda backup: backup.began, default=None)


def unproven_since(backups: Iterable[Backup]) -> tuple[Backup, ...]:
    """The backups after the newest proven one, the newest first: none of them counts."""
    everything = sorted(backups, key=lambda backup: backup.began, reverse=True)
    good = newest_proven(everything)
    return tuple(backup for backup in everything if good is None or backup.began > good.began)
