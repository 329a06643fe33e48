"""The visits, in PostgreSQL."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

connections = 4
patience = 2.0
"""Seconds that a request waits for a database that was there a moment ago: a restart takes less."""

schema_lock = 7_310_442_201
schema = """
create table if not exists visits (
    id bigint generated always as identity primary key,
    replica text not null,
    at timestamptz not null default now()
);
create table if not exists visit_counts (replica text primary key, visits bigint not null);
"""

# Counted as they come: counting the rows for each visit would be slower with every visitor.
visit = """
with visited as (insert into visits (replica) values (%(replica)s)),
     counted as (
        insert into visit_counts values (%(replica)s, 1)
        on conflict (replica) do update set visits = visit_counts.visits + 1)
select (coalesce(sum(visits), 0) + 1)::bigint as visits from visit_counts
"""
by_replica = "select replica, visits from visit_counts order by visits desc, replica limit 50"
last_ten = """
select id, replica, extract(epoch from now() - at)::float as age from visits order by id desc limit 10
"""
facts = """
select split_part(current_setting('server_version'), ' ', 1) as version,
       pg_size_pretty(pg_database_size(current_database())) as size,
       (select count(*) from pg_stat_activity where datname = current_database()) as connections
"""

Result = TypeVar("Result")
Connection = psycopg.Connection[dict[str, Any]]


class DatabaseDown(Exception):
    """The database cannot be reached, or has no connection to spare."""


class Database:
    """A few connections, opened when first needed and opened anew after the database has been away."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: deque[Connection] = deque()
        self._slots = threading.BoundedSemaphore(connections)
        self._down = False

    def visit(self, replica: str) -> int:
        """Record a visit and return how many there are. It may be counted twice if the database dies meanwhile."""
        return int(
            self._run(lambda connection: connection.execute(visit, {"replica": replica}).fetchall())[0]["visits"]
        )

    def state(self) -> dict[str, Any]:
        """All visits: how many, by which replica, and the last ten."""

        def read(connection: Connection) -> dict[str, Any]:
            counts = connection.execute(by_replica).fetchall()
            last = connection.execute(last_ten).fetchall()
            return {"visits": sum(row["visits"] for row in counts), "by_replica": counts, "last": last}

        return self._run(read)

    def facts(self) -> dict[str, Any]:
        """What the database says of itself."""
        return self._run(lambda connection: connection.execute(facts).fetchall())[0]

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _run(self, work: Callable[[Connection], Result]) -> Result:
        # Only the requests that meet the outage first wait for it to end; while it lasts, the others fail at once.
        give_up = time.monotonic() + (0 if self._down else patience)
        while True:
            try:
                with self._connection() as connection:
                    result = work(connection)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                self.close()  # if one connection is dead, so are those that slept meanwhile
                if time.monotonic() >= give_up:
                    self._down = True
                    # Not the driver's words: they may quote the address with its password.
                    raise DatabaseDown(f"the database cannot be reached ({type(error).__name__})") from None
                time.sleep(0.1)
            else:
                self._down = False
                return result

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        if not self._slots.acquire(timeout=patience):
            raise DatabaseDown("every connection to the database is busy")
        try:
            connection = self._borrow()
            try:
                yield connection
            except psycopg.Error:
                connection.close()
                raise
            self._idle.append(connection)
        finally:
            self._slots.release()

    def _borrow(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> Connection:
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=2,
            application_name="tenfold example",
            options="-c statement_timeout=5000 -c client_min_messages=warning",
        )
        # With each connection, so that a database that was replaced by an empty one is used at once. The lock: two
        # replicas that start together would both find no table, and one would fail to create it.
        with connection.transaction():
            connection.execute("select pg_advisory_xact_lock(%s)", [schema_lock])
            connection.execute(schema)
        return connection
