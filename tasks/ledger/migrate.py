"""Bringing a ledger's tables up to this version's, once, whoever opens it first."""

from pathlib import Path

import sqlalchemy as sa

from infra_specs.errors import LedgerError
from tasks.ledger.database import Database

NEWEST = "0017"
"""The last file of migrations/versions; a test compares. Known here, so that alembic is imported only when behind."""
VERSION_TABLE = "ledger_version"
"""Not alembic's own name: a ledger may share its database with others who use alembic, Prefect's server for one."""
_MIGRATING = 1


def migrate(database: Database) -> None:
    """See that the tables are there as this version wants them: one SELECT if they are.

    Any number of processes may do this at once; one migrates and the others wait. Raises LedgerError for a ledger
    that a newer Tenfold has changed.
    """
    with database.read() as connection:
        if _version(connection) == NEWEST:
            return
    _upgrade(database)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.scalar(sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE)))
    return found


def _upgrade(database: Database) -> None:
    from alembic import command  # noqa: PLC0415 - 0.2 s that only a ledger that is behind needs
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with database.write() as connection:
        database.alone(connection, _MIGRATING)
        there = _version(connection)
        if there is not None and there not in known:
            raise LedgerError(
                f"The ledger {database.name} was changed by a newer Tenfold (its tables are at {there}, this one knows "
                f"{NEWEST}). Upgrade Tenfold here, or name another ledger in TENFOLD_LEDGER_URL."
            )
        if there != NEWEST:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
