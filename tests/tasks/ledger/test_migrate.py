"""Migrations: they make what the tables say, once, and never touch a newer ledger."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from infra_specs.errors import LedgerError
from tasks.base.settings import Settings
from tasks.ledger import Ledger, migrate
from tasks.ledger.database import Database
from tasks.ledger.tables import metadata


def test_from_nothing_they_make_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": migrate.VERSION_TABLE})
        assert context.get_current_revision() == migrate.NEWEST
        assert compare_metadata(context, metadata) == []


def test_secrets_of_an_older_ledger_are_text(here: Settings, database: Database) -> None:
    with Ledger.open(here) as ledger:
        ledger.secrets.set("shop", "stripe", "from before")
    with database.write() as connection:
        connection.execute(sa.text('ALTER TABLE secrets DROP COLUMN "binary"'))
        connection.execute(sa.text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '0004'"))
    with Ledger.open(here) as ledger:
        assert ledger.secrets.value("shop", "stripe", 1) == "from before"


def test_the_newest_is_the_last_file() -> None:
    assert ScriptDirectory(str(Path(migrate.__file__).parent / "migrations")).get_heads() == [migrate.NEWEST]


def test_a_newer_ledger_is_left_alone(here: Settings, ledger: Ledger, database: Database) -> None:
    with database.write() as connection:
        connection.execute(sa.text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(
        LedgerError, match=r"changed by a newer Tenfold \(its tables are at 9999.* Upgrade Tenfold here"
    ):
        Ledger.open(here)


def test_alembic_is_not_needed_when_there_is_nothing_to_do(here: Settings, ledger: Ledger) -> None:
    code = (
        "import sys; from tasks.ledger import Ledger; from tasks.base.settings import settings;"
        "Ledger.open(settings()).close();"
        "print([name for name in ('alembic', 'cryptography') if name in sys.modules])"
    )
    told = {**os.environ, "TENFOLD_HOME": str(here.home), "TENFOLD_LEDGER_URL": here.ledger_url}
    ran = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
