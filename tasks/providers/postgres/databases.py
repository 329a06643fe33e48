"""The databases of a PostgreSQL: dumped with what they hold, restored beside themselves, and exchanged."""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from infra_specs.backup.manifest import DatabaseContent
from infra_specs.backup.names import Aside
from infra_specs.errors import ProviderError, TransientError
from infra_specs.resources.instance import Instance
from tasks.providers.postgres.content import content_of, is_empty, sequences_of
from tasks.providers.postgres.psql import LOCK_SECONDS, Psql, conninfo, identifier, literal, psql, require_answer
from tasks.providers.postgres.refusals import lacks_told
from tasks.providers.postgres.roles import statements_for_missing
from tasks.providers.postgres.stream import watched
from tasks.providers.seam.parts import DatabaseInfo, Exchange, Shell

_ADMIN = "template1"
"""The database from which others are made, renamed and dropped: it is always there, and nobody is connected to it."""
_QUIET = "postgres"
"""A database that nobody copies, unlike a template: somebody may be connected to it."""
_CONNECTIONS = """\
SELECT json_build_array((
  SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int)"""
_LIST = """\
SELECT json_build_array(datname, pg_database_size(oid), current_setting('server_version_num')::int,
  format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype)
  || CASE datlocprovider
    WHEN 'b' THEN format(' LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', datlocale)
    WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE %L', datlocale)
    ELSE ' LOCALE_PROVIDER libc' END)
FROM pg_database WHERE NOT datistemplate AND datallowconn ORDER BY datname"""
_DISCONNECT = "SELECT to_json(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname IN ({names})"
# Its owner, and what gives others the privileges on it: nothing where they are the usual ones.
_DESCRIPTION = """\
SELECT json_build_array(pg_get_userbyid(datdba), coalesce((
  SELECT json_agg(statement) FROM (
    SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', datname) AS statement
    UNION ALL
    SELECT format('GRANT %s ON DATABASE %I TO %s', privilege_type, datname,
      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
    FROM aclexplode(datacl)) AS statements
  WHERE datacl IS NOT NULL), '[]'::json))
FROM pg_database WHERE datname = {name}"""
_MOVE_SETTINGS = """\
UPDATE pg_db_role_setting SET setdatabase = (SELECT oid FROM pg_database WHERE datname = {name})
WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = {outgoing})"""
_LAST_BYTES = 4096
_EXCHANGE_TRIES = 10


class PostgresDatabases:
    """The part `databases`, by commands in a target's shell."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def inventory(self, instance: Instance) -> tuple[DatabaseInfo, ...]:
        """Every database but the templates, asides of ours included. An empty `postgres` is left out."""
        with psql(self._shell, instance, _ADMIN) as session:
            rows = session.ask(_LIST)
        infos = tuple(DatabaseInfo(name, size, version // 10_000, locale) for name, size, version, locale in rows)
        return tuple(info for info in infos if info.name != "postgres" or self._is_used(instance, info.name))

    def dump(self, instance: Instance, database: str, sink: BinaryIO) -> DatabaseContent:
        """pg_dump's own format. What the database holds is read in its snapshot, beside it.

        Sequences are read before pg_dump reads them: those of the dump are as far or farther.
        """
        with psql(self._shell, instance, database) as session:
            session.ask("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            (snapshot,) = session.ask("SELECT to_json(pg_export_snapshot())")
            sequences = sequences_of(session)
            command = (
                "pg_dump", "-Fc", "-w", f"--lock-wait-timeout={LOCK_SECONDS}s", f"--snapshot={snapshot}",
                "-d", conninfo(database),
            )  # fmt: skip
            with ThreadPoolExecutor(1) as beside:
                content = beside.submit(content_of, session, sequences)
                self._run(instance, command, io.BytesIO(), sink)
                return content.result()

    def dump_roles(self, instance: Instance, sink: BinaryIO) -> None:
        """pg_dumpall's statements, passwords included as their hashes."""
        self._run(
            instance,
            ("pg_dumpall", "-w", f"--lock-wait-timeout={LOCK_SECONDS}s", "--roles-only", "-l", _ADMIN),
            io.BytesIO(),
            sink,
        )

    def content(self, instance: Instance, database: str) -> DatabaseContent:
        """What a database holds now. Raises OutOfResources for a server that lacks something."""
        with lacks_told(), psql(self._shell, instance, database) as session:
            session.ask("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return content_of(session)

    def restore(self, instance: Instance, aside: Aside, source: BinaryIO, locale: str = "") -> None:
        """Make the database `aside` of a dump. One of this name that is there goes first.

        Raises OutOfResources for a server that lacks something.
        """
        with lacks_told():
            self._restore(instance, aside, source, locale)

    def _restore(self, instance: Instance, aside: Aside, source: BinaryIO, locale: str) -> None:
        name = str(aside)
        self.drop(instance, aside)
        with psql(self._shell, instance, _ADMIN) as session:
            session.ask(f"CREATE DATABASE {identifier(name)} TEMPLATE template0 {locale}")
        output = _Tail()
        script = 'exec pg_restore --exit-on-error -w -d "$1" 2>&1'
        code = self._watched(instance, ("sh", "-c", script, "pg_restore", conninfo(name)), source, output)
        if code:
            raise ProviderError(f"pg_restore ended with {code}: {output.text or 'it said nothing'}")

    def restore_roles(self, instance: Instance, statements: str) -> None:
        """Make the roles that are missing, with their memberships: all of them or none.

        Those that are there stay as they are, with their passwords.
        """
        with psql(self._shell, instance, _ADMIN) as session:
            present = set(session.ask("SELECT to_json(rolname) FROM pg_roles"))
        if missing := statements_for_missing(statements, present):
            with psql(self._shell, instance, _ADMIN) as session:
                session.ask(";\n".join(("BEGIN", *missing, "COMMIT")))

    def drop(self, instance: Instance, aside: Aside) -> None:
        """Remove a database of ours. Gone already: success."""
        with psql(self._shell, instance, _ADMIN) as session:
            session.ask(f"DROP DATABASE IF EXISTS {identifier(str(aside))} WITH (FORCE)")

    def exchange(self, instance: Instance, exchanges: Sequence[Exchange]) -> None:
        """All of them or none. Connections to the databases end."""
        last: ProviderError | None = None
        for _ in range(_EXCHANGE_TRIES):
            try:
                with psql(self._shell, instance, _ADMIN) as session:
                    _exchange_all(session, exchanges)
                    return
            except TransientError:
                raise  # whoever retries it waits in between
            except ProviderError as error:  # somebody connected again in between
                last = error
        raise ProviderError(f"the databases could not be exchanged: {last}") from last

    def free_bytes(self, instance: Instance) -> int:
        """Bytes that are free on the disk of the server's data."""
        with psql(self._shell, instance, _ADMIN) as session:
            (folder,) = session.ask("SELECT to_json(current_setting('data_directory'))")
        output = io.BytesIO()
        self._run(instance, ("df", "-P", "-k", folder), io.BytesIO(), output)
        return int(output.getvalue().decode().splitlines()[-1].split()[-3]) * 1024

    def connections(self, instance: Instance) -> tuple[int, int]:
        """Clients that are connected, this one aside, and the most that the server takes without privileges."""
        with psql(self._shell, instance, _QUIET) as session:
            ((used, most),) = session.ask(_CONNECTIONS)
        return used, most

    def _is_used(self, instance: Instance, database: str) -> bool:
        with psql(self._shell, instance, database) as session:
            return not is_empty(session)

    def _run(self, instance: Instance, command: tuple[str, ...], source: BinaryIO, sink: BinaryIO) -> None:
        if code := self._watched(instance, command, source, sink):
            raise ProviderError(f"{command[0]} ended with {code}; see the log of {instance.address}")

    def _watched(self, instance: Instance, command: tuple[str, ...], source: BinaryIO, sink: BinaryIO) -> int:
        """Its exit code. Raises TransientError if the server hangs meanwhile."""
        name = "pg_restore" if command[0] == "sh" else command[0]
        return watched(
            name,
            lambda into, out: self._shell.pipe(instance, command, into, out),
            source, sink, lambda: require_answer(self._shell, instance),
        )  # fmt: skip


def _exchange_all(session: Psql, exchanges: Sequence[Exchange]) -> None:
    """In one transaction. Done already, by a try whose answer was lost: success."""
    present = session.ask("SELECT to_json(datname) FROM pg_database")
    todo = [exchange for exchange in exchanges if str(exchange.incoming) in present]
    for exchange in todo:  # what a killed restore of the same backup replaced
        session.ask(f"DROP DATABASE IF EXISTS {identifier(str(exchange.outgoing))} WITH (FORCE)")
    if not todo:
        return
    session.ask(_DISCONNECT.format(names=", ".join(literal(name) for exchange in todo for name in exchange.names)))
    session.ask("BEGIN")
    for exchange in todo:
        _exchange(session, exchange)
    session.ask("COMMIT")


def _exchange(session: Psql, exchange: Exchange) -> None:
    """In a transaction: rename both. Owner, privileges and settings of the name go over to who takes it."""
    name, outgoing, incoming = map(identifier, (exchange.name, str(exchange.outgoing), str(exchange.incoming)))
    before = session.ask(_DESCRIPTION.format(name=literal(exchange.name)))
    if before:
        session.ask(f"ALTER DATABASE {name} RENAME TO {outgoing}")
    session.ask(f"ALTER DATABASE {incoming} RENAME TO {name}")
    if not before:
        return
    ((owner, grants),) = before
    session.ask(f"ALTER DATABASE {name} OWNER TO {identifier(owner)}")
    for statement in grants:
        session.ask(statement)
    session.ask(_MOVE_SETTINGS.format(name=literal(exchange.name), outgoing=literal(str(exchange.outgoing))))


class _Tail(io.BytesIO):
    """Keeps the last bytes that are written to it."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes = b""

    def write(self, data: Any) -> int:
        self._bytes = (self._bytes + bytes(data))[-_LAST_BYTES:]
        return len(data)

    @property
    def text(self) -> str:
        return " ".join(self._bytes.decode(errors="replace").split())
