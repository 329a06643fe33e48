"""The backups of a stack, and how old the newest is that counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import tenfold
from deployments.cli.terminal.output import Cell, lay, say
from deployments.cli.terminal.words import ago
from infra_specs.backup.state import Backup, State
from infra_specs.backup.time import is_backed_up
from infra_specs.errors import TenfoldError
from infra_specs.stackfile.models.stack import Stack
from tasks.backups import catalog
from tasks.backups.sealed import KEY_FILE
from tasks.base.clock import now
from tasks.base.disk import size_text
from tasks.ledger import Ledger

MARKS: Mapping[State, tuple[str, str]] = {"proven": ("●", "green"), "written": ("○", "yellow"), "failed": ("✗", "red")}
LATE_SECONDS = 2 * 86_400
"""Seconds after which the newest proven backup is too old."""


def show(to: Console, stack: str, backups: Sequence[Backup]) -> None:
    """A line for each, the newest first."""
    if not backups:
        say(to, f"{stack} has no backup yet. One is made every night, or now: {tenfold()} backup {stack}")
        return
    lay(to, map(_row, backups))


def data(backups: Iterable[Backup]) -> list[dict[str, Any]]:
    """The same as plain data."""
    return [asdict(backup) for backup in backups]


@dataclass(frozen=True, slots=True)
class BackupAge:
    """The newest backup of a stack that counts, and the newest of all. `silent`: why the store does not answer."""

    since: float
    """When the stack changed last, in seconds since the epoch: it is backed up from then on."""
    proven: Backup | None = None
    newest: Backup | None = None
    silent: str = ""


def backup_age(ledger: Ledger, stack: Stack, home: Path, since: float) -> BackupAge | None:
    """How old the backups of a stack are. None for a stack that has no data, or cannot be backed up here."""
    if not is_backed_up(stack):
        return None
    if not (home / KEY_FILE).exists():  # nothing was written yet, and a look makes no key
        return BackupAge(since)
    try:
        vault = catalog.open_vault(ledger, stack, home)
        newest = next(iter(catalog.names(vault, stack.name)), "")
        latest = catalog.find(vault, stack.name, newest) if newest else None
        return BackupAge(since, catalog.newest_proven_in(vault, stack.name), latest)
    except TenfoldError as error:
        return BackupAge(since, silent=str(error))


def age_line(age: BackupAge) -> Text:
    """How old the newest proven backup is: loud if it is too old, or if a later one does not count."""
    if age.silent:
        return Text(f"Its backups cannot be read: {age.silent}", "yellow")
    newest = age.newest
    later = f"; {newest.name} is {newest.state}: {newest.reason}" if newest and newest != age.proven else ""
    if age.proven and age.proven.fall:
        later = f"; {age.proven.fall}{later}"
    if age.proven is None:
        is_new = newest is None and now() - age.since < LATE_SECONDS
        text = "No backup yet: one is made every night" if is_new else f"No proven backup yet{later}"
        return Text(text, "dim" if is_new else "yellow")
    seconds = now() - age.proven.began
    text = f"Last proven backup: {age.proven.name}, {ago(seconds)}{later}"
    return Text(text, "yellow" if later or seconds > LATE_SECONDS else "dim")


def _row(backup: Backup) -> list[Cell]:
    mark, colour = MARKS[backup.state]
    since, size = Text(ago(now() - backup.began), "dim"), Text(size_text(backup.size), "dim")
    note = Text(str(backup.fall), "yellow") if backup.fall and not backup.reason else Text(backup.reason, colour)
    return [Text(mark, colour), backup.name, Text(backup.state, colour), since, size, note]
