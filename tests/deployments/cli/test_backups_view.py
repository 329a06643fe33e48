"""How old the newest backup is that counts, and when that is loud."""

from dataclasses import replace

import pytest

from deployments.cli.views import backups as view
from deployments.cli.views.backups import BackupAge, age_line
from infra_specs.backup.state import Backup, Fall

pytestmark = pytest.mark.pure

HOUR, DAY = 3600.0, 86_400.0
NOW = 1_790_000_000.0


def backup(name: str, age: float, state: str = "proven", reason: str = "") -> Backup:
    return Backup(name, NOW - age, state, reason)  # type: ignore[arg-type]


FRESH, OLD = backup("fresh", 5 * HOUR), backup("old", 3 * DAY)
FALLEN = replace(backup("fallen", 5 * HOUR), fall=Fall("before", rows=(9, 4)))
FAILED = backup("later", HOUR, "failed", "app was restored and differs")


@pytest.mark.parametrize(
    ("age", "text", "style"),
    [
        (BackupAge(NOW - HOUR), "No backup yet: one is made every night", "dim"),
        (BackupAge(NOW - 3 * DAY), "No proven backup yet", "yellow"),
        (BackupAge(0, FRESH, FRESH), "Last proven backup: fresh, 5h ago", "dim"),
        (
            BackupAge(0, FALLEN, FALLEN),
            "Last proven backup: fallen, 5h ago; compared with before, its rows fell from 9 to 4",
            "yellow",
        ),
        (BackupAge(0, OLD, OLD), "Last proven backup: old, 3d ago", "yellow"),
        (
            BackupAge(0, FRESH, FAILED),
            "Last proven backup: fresh, 5h ago; later is failed: app was restored and differs",
            "yellow",
        ),
        (BackupAge(0, None, FAILED), "No proven backup yet; later is failed: app was restored and differs", "yellow"),
        (BackupAge(0, silent="the store is away"), "Its backups cannot be read: the store is away", "yellow"),
    ],
)
def test_the_line(age: BackupAge, text: str, style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "now", lambda: NOW)
    line = age_line(age)
    assert (line.plain, line.style) == (text, style)
