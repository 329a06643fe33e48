"""Databases that are dumped with what they hold, restored beside themselves, compared, and exchanged."""

import io
from typing import Any

import pytest

from infra_specs.backup.manifest import differences
from infra_specs.backup.names import Aside
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from tasks.providers.seam.parts import Databases, Exchange
from tasks.providers.seam.provider import KindProvider

RESTORED, REPLACED = Aside("restored", "20261101-030000", 0), Aside("replaced", "20261101-030000", 0)
# What a dump has to bring back, and what has misled checksums.
SCHEMA = """
CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('sad', 'it''s ok');
CREATE SCHEMA "Odd ""schema"" with.dots";
CREATE TABLE "Odd ""schema"" with.dots"."order" (t citext, "select" float8, tenfold_row numeric);
INSERT INTO "Odd ""schema"" with.dots"."order" VALUES ('Ä', 0.1, 'NaN'), (NULL, '-Infinity', 1e-30), ('ä', 1e300, 0);
CREATE TABLE kinds (id int GENERATED ALWAYS AS IDENTITY, at timestamptz, span interval, raw bytea, doc jsonb,
                    list int[], feeling mood, price money, twice int GENERATED ALWAYS AS (2 * 3) STORED);
INSERT INTO kinds (at, span, raw, doc, list, feeling, price)
SELECT '2026-10-25 02:30+01', '1 year 2 mons', '\\xdeadbeef', '{"b": 1, "a": [null]}', '{1,NULL}', 'it''s ok', 3.5
FROM generate_series(1, 500);
CREATE TABLE days (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-06-01');
CREATE TABLE days_2 PARTITION OF days DEFAULT;
INSERT INTO days SELECT '2026-01-01'::date + i, i FROM generate_series(0, 300) i;
CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent);
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 3);
CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES;
CREATE UNLOGGED TABLE quick AS SELECT 'x' || chr(10) || chr(9) || '\\' AS text;
CREATE SEQUENCE down INCREMENT -3; SELECT nextval('down'), nextval('down');
CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM kinds;
DELETE FROM kinds WHERE id > 400;
CREATE MATERIALIZED VIEW empty AS SELECT 1 WITH NO DATA;
SELECT lo_from_bytea(4242, 'a large object');
ALTER TABLE kinds ENABLE ROW LEVEL SECURITY; ALTER TABLE kinds FORCE ROW LEVEL SECURITY;
"""


class DatabasesContract:
    """Subclass it with fixtures `provider` and `server`, a database that runs and holds nothing."""

    @pytest.fixture
    def databases(self, provider: KindProvider, server: Instance) -> Databases:
        assert provider.databases is not None
        return provider.databases

    def test_what_is_restored_is_what_was_dumped(
        self, provider: KindProvider, databases: Databases, server: Instance
    ) -> None:
        sql(provider, server, SCHEMA)
        dump, content = dumped(databases, server)
        databases.restore(server, RESTORED, io.BytesIO(dump))
        restored = databases.content(server, str(RESTORED))
        assert list(differences(content, restored)) == []
        assert {str(table): table.rows for table in content.tables} == {
            'Odd "schema" with.dots.order': 3, "public.kinds": 400, "public.days_1": 151, "public.days_2": 150,
            "public.parent": 1, "public.child": 1, "public.nothing": 1, "public.quick": 1,
            "pg_catalog.pg_largeobject": 1,
        }  # fmt: skip
        assert content.views == ("public.empty", "public.totals")

        sql(provider, server, "UPDATE kinds SET span = span WHERE id = 7", str(RESTORED))
        assert list(differences(content, databases.content(server, str(RESTORED)))) == []
        sql(provider, server, "UPDATE kinds SET doc = '{}' WHERE id = 7", str(RESTORED))
        assert list(differences(content, databases.content(server, str(RESTORED)))) == ["public.kinds has other rows"]

        names = [info.name for info in databases.inventory(server)]
        assert names == ["app", str(RESTORED)]
        databases.drop(server, RESTORED)
        databases.drop(server, RESTORED)
        assert [info.name for info in databases.inventory(server)] == ["app"]

    def test_a_table_that_changes_meanwhile_is_as_the_snapshot_has_it(
        self, provider: KindProvider, databases: Databases, server: Instance
    ) -> None:
        sql(provider, server, "CREATE TABLE moving AS SELECT generate_series(1, 1000) AS n")

        class Changing(io.BytesIO):
            """Changes the table when the dump has begun."""

            def write(self, data: Any) -> int:
                if not self.tell():
                    sql(provider, server, "DELETE FROM moving WHERE n > 10; INSERT INTO moving VALUES (5000)")
                return super().write(data)

        sink = Changing()
        content = databases.dump(server, "app", sink)
        (table,) = (table for table in content.tables if table.name == "moving")
        assert table.rows == 1000
        databases.restore(server, RESTORED, io.BytesIO(sink.getvalue()))
        assert list(differences(content, databases.content(server, str(RESTORED)))) == []

    def test_a_dump_that_is_cut_off_is_refused_with_the_words_of_its_program(
        self, databases: Databases, server: Instance
    ) -> None:
        dump, _ = dumped(databases, server)
        with pytest.raises(ProviderError, match=r"pg_restore ended with 1: .*(end of file|could not read)"):
            databases.restore(server, RESTORED, io.BytesIO(dump[: len(dump) // 2]))
        databases.drop(server, RESTORED)

    def test_databases_are_exchanged_at_once_and_back(
        self, provider: KindProvider, databases: Databases, server: Instance
    ) -> None:
        exchange = Exchange("app", RESTORED, REPLACED)
        sql(provider, server, "CREATE TABLE version AS SELECT 1 AS number")
        dump, _ = dumped(databases, server)
        sql(
            provider, server,
            "UPDATE version SET number = 2; CREATE ROLE reader; GRANT CONNECT ON DATABASE app TO reader;"
            "REVOKE TEMPORARY ON DATABASE app FROM PUBLIC; ALTER DATABASE app SET work_mem = '9MB'",
        )  # fmt: skip
        databases.restore(server, RESTORED, io.BytesIO(dump))
        described = sql(provider, server, DESCRIPTION)
        databases.exchange(server, [exchange])
        databases.exchange(server, [exchange])  # the answer was lost
        assert sql(provider, server, "SELECT number FROM version; SHOW work_mem") == "1\n9MB\n"
        assert sql(provider, server, "SELECT number FROM version", str(REPLACED)) == "2\n"
        assert sql(provider, server, DESCRIPTION) == described
        databases.exchange(server, [exchange.undone])
        assert sql(provider, server, "SELECT number FROM version; SHOW work_mem") == "2\n9MB\n"
        assert sql(provider, server, DESCRIPTION) == described
        databases.drop(server, RESTORED)

    def test_a_database_keeps_its_encoding_and_locale(
        self, provider: KindProvider, databases: Databases, server: Instance
    ) -> None:
        sql(
            provider, server, "CREATE DATABASE odd TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
        )
        sql(provider, server, "CREATE TABLE words AS SELECT chr(228) AS word", "odd")
        (info,) = (info for info in databases.inventory(server) if info.name == "odd")
        sink = io.BytesIO()
        content = databases.dump(server, "odd", sink)
        databases.restore(server, RESTORED, io.BytesIO(sink.getvalue()), info.locale)
        assert list(differences(content, databases.content(server, str(RESTORED)))) == []
        (restored,) = (info for info in databases.inventory(server) if info.name == str(RESTORED))
        assert restored.locale == info.locale
        databases.drop(server, RESTORED)
        sql(provider, server, "DROP DATABASE odd")

    def test_only_roles_that_are_missing_are_made(
        self, provider: KindProvider, databases: Databases, server: Instance
    ) -> None:
        sql(provider, server, "CREATE ROLE \"odd \"\"role\" LOGIN PASSWORD 'one'; CREATE ROLE present PASSWORD 'one'")
        sink = io.BytesIO()
        databases.dump_roles(server, sink)
        before = sql(provider, server, PASSWORDS)
        sql(provider, server, 'DROP ROLE "odd ""role"; ALTER ROLE present PASSWORD \'two\'')
        changed = sql(provider, server, PASSWORDS)
        databases.restore_roles(server, sink.getvalue().decode())
        after = sql(provider, server, PASSWORDS)
        assert [line for line in after.splitlines() if line.startswith("odd")] == [
            line for line in before.splitlines() if line.startswith("odd")
        ]
        assert set(changed.splitlines()) < set(after.splitlines())

    def test_roles_that_are_made_are_members_of_what_they_were(
        self, provider: KindProvider, databases: Databases, server: Instance
    ) -> None:
        sql(
            provider, server,
            "CREATE ROLE readers; CREATE ROLE chief; GRANT readers TO chief WITH ADMIN OPTION;"
            'CREATE ROLE "odd one; x"; SET ROLE chief; GRANT readers TO "odd one; x" WITH INHERIT FALSE; RESET ROLE;'
            "GRANT pg_monitor TO chief;"
            "ALTER ROLE chief SET work_mem = '7MB'; GRANT SET ON PARAMETER log_min_messages TO chief",
        )  # fmt: skip
        sink = io.BytesIO()
        databases.dump_roles(server, sink)
        before = sql(provider, server, MEMBERS)
        assert before.count("readers") == 2
        sql(
            provider, server,
            'REVOKE SET ON PARAMETER log_min_messages FROM chief; DROP ROLE "odd one; x"; DROP ROLE chief, readers',
        )  # fmt: skip
        databases.restore_roles(server, sink.getvalue().decode())
        assert sql(provider, server, MEMBERS) == before
        databases.restore_roles(server, sink.getvalue().decode())
        assert sql(provider, server, MEMBERS) == before
        sql(
            provider, server,
            'REVOKE SET ON PARAMETER log_min_messages FROM chief; DROP ROLE "odd one; x"; DROP ROLE chief, readers',
        )  # fmt: skip

    def test_its_size_its_version_and_its_room_are_told(self, databases: Databases, server: Instance) -> None:
        (info,) = databases.inventory(server)
        assert (info.name, info.version) == ("app", 18)
        assert 10**6 < info.size < databases.free_bytes(server)

    def test_its_connections_and_the_most_that_it_takes_are_told(self, databases: Databases, server: Instance) -> None:
        used, most = databases.connections(server)
        assert 0 <= used < most

    def test_a_fault_of_the_server_is_told_in_its_words(self, databases: Databases, server: Instance) -> None:
        with pytest.raises(ProviderError, match='database "gone" does not exist'):
            databases.content(server, "gone")


PSQL = ("sh", "-c", 'exec psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$1" 2>&1', "psql")
DESCRIPTION = """SELECT datdba::regrole, grantee::regrole, privilege_type FROM pg_database, aclexplode(datacl)
WHERE datname = 'app' ORDER BY 2, 3"""
MEMBERS = """SELECT roleid::regrole, member::regrole, admin_option, inherit_option, grantor = 10 FROM pg_auth_members
WHERE member::regrole::text IN ('chief', '"odd one; x"') ORDER BY 1, 2;
SELECT rolconfig FROM pg_roles WHERE rolname = 'chief';
SELECT parname, paracl::text LIKE '%chief=s/%' FROM pg_parameter_acl"""
PASSWORDS = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE '%odd%' OR rolname = 'present'"


def sql(provider: KindProvider, server: Instance, statements: str, database: str = "app") -> str:
    """What psql says to these statements."""
    assert provider.shell is not None
    output = io.BytesIO()
    code = provider.shell.pipe(server, (*PSQL, database), io.BytesIO(statements.encode()), output)
    assert code == 0, output.getvalue().decode()
    return output.getvalue().decode()


def dumped(databases: Databases, server: Instance) -> tuple[bytes, Any]:
    sink = io.BytesIO()
    content = databases.dump(server, "app", sink)
    return sink.getvalue(), content
