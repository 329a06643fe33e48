"""The names of a backup and of the databases that it is restored into. Nothing else puts one together or reads it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

_FORMAT = "%Y%m%d-%H%M%S"
_BACKUP = re.compile(r"[0-9]{8}-[0-9]{6}")
_ASIDE = re.compile(r"tenfold-(restored|replaced)-([0-9]{8}-[0-9]{6})-([0-9]{1,6})")

Role = Literal["restored", "replaced"]
"""`restored`: what came out of a backup. `replaced`: what a restored database took the place of."""


def name_of(moment: float) -> str:
    """The name of a backup that begins at this moment (seconds since the epoch): its time in UTC, to the second."""
    return datetime.fromtimestamp(moment, UTC).strftime(_FORMAT)


def moment_of(name: str) -> float | None:
    """When the backup of this name began, in seconds since the epoch; None for what is no name of a backup."""
    if not _BACKUP.fullmatch(name):
        return None
    try:
        return datetime.strptime(name, _FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Aside:
    """A database of ours beside a stack's own: of which backup, and the number of the stack's database in it."""

    role: Role
    backup: str
    number: int

    def __str__(self) -> str:
        return f"tenfold-{self.role}-{self.backup}-{self.number}"

    @classmethod
    def parse(cls, database: str) -> "Aside | None":
        """What a database of this name is; None for one that is the stack's own."""
        match = _ASIDE.fullmatch(database)
        return cls(cast("Role", match[1]), match[2], int(match[3])) if match else None
