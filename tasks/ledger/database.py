"""The ledger's database: SQLite or PostgreSQL, its transactions, its clock, and its errors made ours."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from infra_specs.errors import DiskFull, LedgerBusy, LedgerError
from tasks.base.clock import now
from tasks.base.disk import has_space, is_full

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

BUSY_SECONDS = 30
"""How long a transaction waits for others to finish theirs."""
COMPILED = 500
"""Statements that a process remembers compiled."""
STUCK_SECONDS = 5
"""After this PostgreSQL ends an open transaction of a process that was stopped within it. SQLite cannot."""


class Database:
    """One opened database, safe to use from many threads.

    Database errors leave it as LedgerBusy (a retry may help) or LedgerError, never with a parameter or password.
    """

    def __init__(self, url: str) -> None:
        self.url = parsed(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            prepare_file(Path(self.url.database or ""))
        with self._ours():
            self._reader = _sqlite_engine(self.url) if self.is_sqlite else _postgres_engine(self.url)
        self._writer = self._reader.execution_options(writes=True)

    @property
    def name(self) -> str:
        """The database as a person may be told it, without its password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads, and never waits for one that writes."""
        with self._ours(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that writes: all of it or nothing, on the disk when this returns."""
        with self._ours(), self._writer.begin() as connection:
            yield connection

    def now(self, connection: sa.Connection) -> float:
        """Seconds since the epoch by the clock that everybody who shares this database goes by."""
        if self.is_sqlite:
            return now()
        return float(connection.execute(sa.select(sa.extract("epoch", sa.func.clock_timestamp()))).scalar_one())

    def insert(self, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
        """An insert that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
        if self.is_sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - with all its drivers, which most ledgers lack

        return postgresql.insert(table)

    def alone(self, connection: sa.Connection, what: int) -> None:
        """Let nobody else be at `what` until this transaction ends. In SQLite one that writes always is alone."""
        if not self.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(0x7E4F01D, what)))

    def close(self) -> None:
        self._reader.dispose()

    @contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise self._explained(error) from error
        except sa.exc.TimeoutError as error:
            raise LedgerBusy(f"The ledger {self.name} has no free connection. Try again.") from error

    def _explained(self, error: sa.exc.DBAPIError) -> LedgerError:
        said = str(error.orig).strip().split("\n")[0]
        if self.is_sqlite:
            if "locked" in said or "busy" in said:
                why = f"was locked by another process for {BUSY_SECONDS} s"
                return LedgerBusy(
                    f"The ledger {self.name} {why}. Try again; if it stays so, look for a stopped process."
                )
            if is_full(error.orig) or not has_space(Path(self.url.database or "").parent):
                return DiskFull(
                    f"The ledger {self.name} cannot be written: its disk is full. Make room, and try again."
                )
            return LedgerError(f"The ledger {self.name} cannot be used: {said}. Check the disk and the file's owner.")
        # In psycopg all that has to do with the connection and with waiting is an OperationalError.
        if error.connection_invalidated or isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
            return LedgerBusy(f"The ledger {self.name} cannot be reached: {said}. Check that its database runs.")
        return LedgerError(f"The ledger {self.name} cannot be used: {said}.")


def parsed(url: str) -> sa.URL:
    """The database that a URL names. Raises LedgerError for one that cannot hold a ledger."""
    allowed = "It must be sqlite:////path/to/file or postgresql://user:password@host/name."
    try:
        found = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise LedgerError(f"TENFOLD_LEDGER_URL is not the URL of a database. {allowed}") from None
    match found.get_backend_name():
        case "postgresql":
            return found.set(drivername="postgresql+psycopg")
        case "sqlite" if found.database and Path(found.database).is_absolute():
            return found.set(drivername="sqlite+pysqlite")
        case "sqlite":
            raise LedgerError(
                "TENFOLD_LEDGER_URL names no absolute path: it needs four slashes, sqlite:////path/to/file."
            )
        case other:
            raise LedgerError(f"TENFOLD_LEDGER_URL names the database `{other}`. {allowed}")


def prepare_file(path: Path) -> None:
    """See that the file is there, for this user alone and with a write-ahead log, before anybody opens it."""
    try:
        if path.exists() and path.stat().st_size:
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # SQLite does not wait for others when the kind of log is changed
            path.touch(mode=0o600)
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.close()
        finally:
            os.close(folder)
    except (OSError, sqlite3.Error) as error:
        if is_full(error) or (path.parent.is_dir() and not has_space(path.parent)):
            raise DiskFull(f"The ledger {path} cannot be made: its disk is full. Make room, and try again.") from error
        raise LedgerError(f"The ledger {path} cannot be made: {error}. Name another place in TENFOLD_HOME.") from error


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    """An engine with connections of its own. What this process has compiled of SQL serves all of them."""
    pattern, compiled = _sqlite_pattern(url)
    engine = sa.Engine(pattern.pool.recreate(), pattern.dialect, url, hide_parameters=True)
    sa.event.listen(engine, "begin", _begin)
    return engine.execution_options(compiled_cache=compiled)


@lru_cache(maxsize=4)
def _sqlite_pattern(url: sa.URL) -> "tuple[sa.Engine, sa.util.LRUCache[Any, Any]]":
    """An engine without a connection, whose dialect knows the database, and a cache for compiled statements."""
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = (
            None  # Python's own BEGIN comes too late: two readers could not both go on to write
        )
        connection.execute("PRAGMA foreign_keys = ON")
        # NORMAL loses the last transactions in a power cut, and with them what was about to be made. FULL costs 0.3 ms.
        connection.execute("PRAGMA synchronous = FULL")

    engine.connect().close()
    engine.dispose()
    return engine, sa.util.LRUCache(COMPILED)


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres_engine(url: sa.URL) -> sa.Engine:
    limits = f"-c lock_timeout={BUSY_SECONDS}s -c idle_in_transaction_session_timeout={STUCK_SECONDS}s"
    options = " ".join([*url.normalized_query.get("options", ()), limits])  # a person may have given a search_path
    given = {"connect_timeout": 10, "application_name": "tenfold", "options": options}
    return sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=given)
