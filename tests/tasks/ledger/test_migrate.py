"""Migrations: they make what the tables say, once, and never touch a newer ledger."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from infra_specs.errors import LedgerError, LockHeld
from tasks.base.settings import Settings
from tasks.ledger import Lease, Ledger, Owner, migrate
from tasks.ledger.database import Database
from tasks.ledger.tables import metadata
from tests.tasks.ledger.conftest import spec
from tests.tasks.ledger.older import make_older


def test_from_nothing_they_make_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": migrate.VERSION_TABLE})
        assert context.get_current_revision() == migrate.NEWEST
        assert compare_metadata(context, metadata) == []


def made_0005(connection: sa.Connection) -> None:
    """Make the tables what version 0005 had. Its locks: one of a stack, one of the checks, a claim, and a free one."""
    owner = json.dumps(asdict(Owner.here("provision")))
    make_older(connection, "0005")
    connection.execute(sa.text("DROP TABLE locks"))
    connection.execute(
        sa.text(
            "CREATE TABLE locks (stack VARCHAR NOT NULL, fence BIGINT NOT NULL, owner JSON, since DOUBLE PRECISION, "
            "until DOUBLE PRECISION, lease DOUBLE PRECISION, CONSTRAINT pk_locks PRIMARY KEY (stack))"
        )
    )
    new = sa.text("INSERT INTO locks VALUES (:name, :fence, :owner, 1.5, 9e9, 600)")
    for name, fence, held_by in (
        ("shop", 7, owner), ("(checks)", 8, owner), ("shop/job/run-1", 1, owner), ("blog", 3, None),
    ):  # fmt: skip
        connection.execute(new, {"name": name, "fence": fence, "owner": held_by})


def test_locks_of_an_older_ledger_keep_their_owners_and_fences(here: Settings, database: Database, me: Owner) -> None:
    with Ledger.open(here) as ledger:
        ledger.stacks.set_desired(ledger.locks.acquire("shop", me, 600), "shop", spec, "/srv")
    with database.write() as connection:
        made_0005(connection)
    with Ledger.open(here) as ledger:
        ledger.locks.check(Lease("shop", 7, me))
        ledger.locks.check(Lease("(checks)", 8, me, "checks"))
        with pytest.raises(LockHeld, match="shop is being changed by provision"):
            ledger.locks.acquire("shop", me, 600)
        with pytest.raises(LockHeld):
            ledger.checks.acquire(me, 600)
        assert ledger.claims.is_held("shop", "job/run-1")
        assert ledger.locks.acquire("blog", me, 600).fence == 4, "fences only grow"
        assert ledger.liveness.alive() == {}
        (record,) = ledger.stacks.all()
        assert (record.name, record.reconciled) == ("shop", None)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": migrate.VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_a_broken_owner_of_an_older_ledger_hinders_no_migration(here: Settings, database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("only SQLite keeps a text that is no JSON")
    with Ledger.open(here):
        pass
    with database.write() as connection:
        made_0005(connection)
        connection.execute(sa.text("UPDATE locks SET owner = '{broken' WHERE stack = 'shop'"))
    with Ledger.open(here) as ledger:
        holder = ledger.locks.holder("shop")
    assert holder is not None
    assert holder.owner.who == "somebody"


def test_secrets_of_an_older_ledger_are_text(here: Settings, database: Database) -> None:
    with Ledger.open(here) as ledger:
        ledger.secrets.set("shop", "stripe", "from before")
    with database.write() as connection:
        made_0005(connection)
        connection.execute(sa.text('ALTER TABLE secrets DROP COLUMN "binary"'))
        connection.execute(sa.text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '0004'"))
    with Ledger.open(here) as ledger:
        assert ledger.secrets.value("shop", "stripe", 1) == "from before"


def test_the_five_minutes_of_an_older_ledger_are_summed_up_to_hours(here: Settings, database: Database) -> None:
    insert = "INSERT INTO measurements (period, stack, service, seconds, in_flight, most_in_flight) VALUES "
    rows = "(7200, 'shop', 'web', 100, 2, 3), (7500, 'shop', 'web', 300, 6, 9), (10800, 'shop', 'web', 0, NULL, NULL)"
    with Ledger.open(here):
        pass
    with database.write() as connection:
        made_0005(connection)
        connection.execute(sa.text(insert + rows))
    with Ledger.open(here) as ledger:
        first, second = ledger.measurements.hourly_means("shop", "web", 0, 20_000)
    assert (first.at, first.seconds, first.in_flight, first.most_in_flight, first.latency) == (7200, 400, 5, 9, None)
    assert (second.at, second.seconds, second.in_flight) == (10800, 0, None)


@pytest.mark.parametrize(("caution", "prefer"), [(0, "cheap"), (1.75, "cheap"), (2.25, "balanced"), (3, "quick")])
def test_a_stack_of_an_older_ledger_prefers_what_its_caution_said(
    here: Settings, database: Database, me: Owner, caution: float, prefer: str
) -> None:
    scaling = {"utilisation": 0.75, "caution": caution, "window": 180}
    chosen = {"utilisation": 0.5, "caution": caution}
    services = {"web": {"scaling": scaling}, "api": {"scaling": chosen}, "worker": {"command": "work"}}
    with Ledger.open(here) as ledger:
        lease = ledger.locks.acquire("shop", me, 600)
        ledger.stacks.set_desired(lease, "shop", {**spec, "services": services}, "/srv")
    with database.write() as connection:
        made_0005(connection)
    with Ledger.open(here) as ledger:
        (record,) = ledger.stacks.all()
    assert record.spec["services"] == {
        "web": {"scaling": {"utilisation": 0.7, "prefer": prefer, "window": 180}},
        "api": {"scaling": {"utilisation": 0.5, "prefer": prefer}},
        "worker": {"command": "work"},
    }


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
