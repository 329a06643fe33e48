"""What is asked of a server, in which order, and what a session takes for an answer: with a psql of the test."""

import io
import json
from collections.abc import Sequence
from typing import Any, BinaryIO

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from tasks.providers.postgres.databases import PostgresDatabases
from tasks.providers.postgres.psql import END, psql

pytestmark = pytest.mark.pure

WARNING = b"""\
WARNING:  database "app" has a collation version mismatch
DETAIL:  The database was created using collation version 2.36, but the operating system provides version 2.41.
"""


class ScriptedShell:
    """Answers as psql does, and notes what it is asked. `greeting`: what psql says before it takes a statement."""

    def __init__(self, greeting: bytes = b"") -> None:
        self.asked: list[str] = []
        self.greeting = greeting

    def execute(self, instance: Instance, command: Sequence[str], *, terminal: bool) -> int:
        raise NotImplementedError

    def pipe(self, instance: Instance, command: Sequence[str], source: BinaryIO, sink: BinaryIO) -> int:
        if command[0] == "pg_dump":
            self.asked.append("pg_dump")
            return 0
        sink.write(self.greeting)
        while statement := source.read(2**16).decode():
            self.asked.append(statement)
            if "broken" in statement:
                sink.write(b"ERROR:  it is broken\n")
                return 3
            for row in _rows(statement):
                sink.write(f"{json.dumps(row)}\n".encode())
            sink.write(f"{END}\n".encode())
        return 0


def _rows(statement: str) -> list[Any]:
    if "pg_class" in statement:
        return [["r", "public", "orders", True], ["S", "public", "orders_id_seq", True]]
    if "last_value" in statement:
        return [7]
    if "count(*)" in statement:
        return [[2, "12"]]
    return ["1-2-3"] if "pg_export_snapshot" in statement else []


@pytest.fixture
def server() -> Instance:
    return Instance("shop", "database/main", "database", "f", 1, Health("healthy", "", 0.0))


def test_sequences_are_read_before_the_dump_reads_them(server: Instance) -> None:
    """Else those of the dump would be behind, where rows are added meanwhile, and no backup would count."""
    shell = ScriptedShell()
    content = PostgresDatabases(shell).dump(server, "app", io.BytesIO())
    (sequence,) = content.sequences
    assert (str(sequence), sequence.value) == ("public.orders_id_seq", 7)
    order = [index for index, statement in enumerate(shell.asked) if "last_value" in statement]
    assert order
    assert max(order) < shell.asked.index("pg_dump")


def test_what_a_connection_warns_of_is_no_answer(server: Instance) -> None:
    with psql(ScriptedShell(WARNING), server, "app") as session:
        assert session.ask("SELECT to_json(last_value)") == [7]


def test_a_session_that_cannot_begin_says_why(server: Instance) -> None:
    with (
        pytest.raises(ProviderError, match="it is broken"),
        psql(ScriptedShell(WARNING), server, "app") as session,
    ):
        session.ask("SELECT broken")


def test_a_large_database_is_not_read_to_know_whether_it_is_used(server: Instance) -> None:
    shell = ScriptedShell()
    assert PostgresDatabases(shell)._is_used(server, "postgres")
    assert not any("count(*)" in statement for statement in shell.asked)
