"""A ledger made what an earlier version had, so that its migrations can be tried."""

import sqlalchemy as sa

from tasks.ledger import migrate

MADE = {
    "0006": ("DROP TABLE live_runs", "ALTER TABLE stacks DROP COLUMN reconciled"),
    "0007": ("DROP TABLE unready",),
    "0008": ("ALTER TABLE releases DROP COLUMN watch",),
    "0009": (
        "DROP TABLE tickets",
        "ALTER TABLE locks DROP COLUMN asked",
        "ALTER TABLE locks DROP COLUMN asked_run",
    ),
    "0010": ("DROP TABLE certificates",),
    "0011": ("DROP TABLE fleets", "ALTER TABLE runs DROP COLUMN kind"),
    "0012": ("DROP TABLE hosts", "DROP TABLE front_ports"),
    "0013": ("DROP TABLE hours",),
    "0014": ("DROP TABLE undos",),
    "0015": (
        *(f"DROP TABLE {table}" for table in ("alerts", "messages", "silences", "backup_results", "looks")),
        *(f"ALTER TABLE {table} DROP COLUMN errors" for table in ("measurements", "hours")),
    ),
    "0016": (),
    "0017": ("ALTER TABLE undos DROP COLUMN parts", "ALTER TABLE undos ADD COLUMN backup VARCHAR"),
}
"""By version: what takes back the tables and columns that it made. Rows that it changed stay as they are."""


def make_older(connection: sa.Connection, version: str) -> None:
    """Take back what every version after this one made, the newest first."""
    assert max(MADE) == migrate.NEWEST, "a new migration needs its line in MADE"
    for later in sorted(MADE, reverse=True):
        for statement in MADE[later] if later > version else ():
            connection.execute(sa.text(statement))
    connection.execute(sa.text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '{version}'"))
