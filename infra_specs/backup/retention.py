"""Which backups are removed: those that are older than what is kept, and have a newer proven one."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from infra_specs.backup.state import Backup
from infra_specs.stackfile.models.backup import Keep


def expired(backups: Sequence[Backup], keep: Keep, timezone: str) -> tuple[Backup, ...]:
    """The backups to remove, the oldest first.

    Days and weeks (from Monday) are those of `timezone`, and only those with a proven backup count. So nothing expires
    while no backup is proven. Of the newest `daily` days everything is kept, and of each of the newest `weekly` weeks
    its newest proven backup. What cannot be read never expires: its key may be lost, and found again.
    """
    zone = ZoneInfo(timezone)

    def day(backup: Backup) -> date:
        return datetime.fromtimestamp(backup.began, zone).date()

    proven = sorted((backup for backup in backups if backup.state == "proven"), key=lambda backup: backup.began)
    days = sorted({day(backup) for backup in proven})[-keep.daily :]
    if len(days) < keep.daily:
        return ()
    by_week = {day(backup).isocalendar()[:2]: backup.name for backup in proven}
    weekly = set(list(by_week.values())[-keep.weekly :] if keep.weekly else [])
    old = (backup for backup in backups if backup.is_readable and day(backup) < days[0] and backup.name not in weekly)
    return tuple(sorted(old, key=lambda backup: backup.began))
