"""The roles of a dump that another server lacks, with their memberships."""

import pytest

from tasks.providers.postgres.roles import statements_for_missing

pytestmark = pytest.mark.pure

DUMP = r"""
--
-- PostgreSQL database cluster dump
--
\restrict abc;DROP

SET default_transaction_read_only = off;
SET client_encoding = 'UTF8';

CREATE ROLE ada;
ALTER ROLE ada WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:a;b==$c:d';
CREATE ROLE app;
ALTER ROLE app WITH SUPERUSER LOGIN;
CREATE ROLE "odd ""role; CREATE ROLE x";
COMMENT ON ROLE "odd ""role; CREATE ROLE x" IS E'it''s \'; fine
-- and no comment';
CREATE ROLE readers;

--
-- User Config "ada"
--
ALTER ROLE ada SET search_path TO 'one', 'two;three';

--
-- Role memberships
--
GRANT readers TO ada WITH ADMIN OPTION, INHERIT TRUE GRANTED BY app;
GRANT readers TO "odd ""role; CREATE ROLE x" WITH INHERIT FALSE GRANTED BY ada;
GRANT SET ON PARAMETER work_mem TO ada;
GRANT pg_monitor TO app;
"""
ODD = '"odd ""role; CREATE ROLE x"'


def test_a_new_server_gets_all_roles_and_memberships() -> None:
    statements = statements_for_missing(DUMP, {"app", "pg_monitor"})
    assert statements[:3] == (
        "CREATE ROLE ada",
        "ALTER ROLE ada WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:a;b==$c:d'",
        f"CREATE ROLE {ODD}",
    )
    assert statements[3] == f"COMMENT ON ROLE {ODD} IS E'it''s \\'; fine\n-- and no comment'"
    assert statements[5] == "ALTER ROLE ada SET search_path TO 'one', 'two;three'"
    assert "EXECUTE ''GRANT readers TO ada WITH ADMIN OPTION, INHERIT TRUE GRANTED BY app''" in statements[6]
    assert "THEN EXECUTE ''GRANT readers TO ada WITH ADMIN OPTION, INHERIT TRUE''; END" in statements[6]
    assert f"THEN EXECUTE ''GRANT readers TO {ODD} WITH INHERIT FALSE''; END" in statements[7]
    assert statements[8:] == ("GRANT SET ON PARAMETER work_mem TO ada",)


def test_a_member_that_is_missing_gets_its_memberships_alone() -> None:
    present = {"app", "pg_monitor", "readers", 'odd "role; CREATE ROLE x'}
    statements = statements_for_missing(DUMP, present)
    assert [statement for statement in statements if "GRANT readers TO" in statement] == [
        statement for statement in statements if "GRANT readers TO ada" in statement
    ]
    assert len(statements) == 5


def test_a_server_that_has_them_all_is_left_alone() -> None:
    present = {"ada", "app", "pg_monitor", "readers", 'odd "role; CREATE ROLE x'}
    assert statements_for_missing(DUMP, present) == ()
