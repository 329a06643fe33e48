"""Pretended databases: tables of rows in a file, which a test fills and a backup copies."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from pydantic import TypeAdapter

from infra_specs.backup.manifest import DatabaseContent, Table
from infra_specs.backup.names import Aside
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from tasks.base.atomic_write import replace_file
from tasks.providers.memory.world import World
from tasks.providers.seam.parts import DatabaseInfo, Exchange

Rows = Mapping[str, Sequence[str]]
"""By table its rows."""
USUAL = "app"
_FILE = TypeAdapter(dict[str, dict[str, list[str]]])
_VERSION = 18
_ROLE = b"CREATE ROLE app;\n"


class MemoryDatabases:
    """The part `databases`, a file for each stack and server."""

    def __init__(self, home: Path, world: World) -> None:
        self._home, self._world = home / "databases", world

    def put(self, stack: str, address: str, rows: Rows) -> None:
        """From now on the usual database of the server holds this."""
        with self._world.alone():
            databases = self._read(stack, address)
            databases[USUAL] = {table: list(texts) for table, texts in rows.items()}
            self._write(stack, address, databases)

    def names(self, stack: str, address: str) -> tuple[str, ...]:
        """Every database of the server, asides included."""
        return tuple(sorted(self._read(stack, address)))

    def rows(self, stack: str, address: str) -> Rows:
        """What the usual database of the server holds."""
        return self._read(stack, address)[USUAL]

    def inventory(self, instance: Instance) -> tuple[DatabaseInfo, ...]:
        databases = self._read(instance.stack, instance.address)
        return tuple(DatabaseInfo(name, len(json.dumps(rows)), _VERSION) for name, rows in sorted(databases.items()))

    def dump(self, instance: Instance, database: str, sink: BinaryIO) -> DatabaseContent:
        rows = self._read(instance.stack, instance.address)[database]
        sink.write(json.dumps(rows).encode())
        return _content(rows)

    def dump_roles(self, instance: Instance, sink: BinaryIO) -> None:  # noqa: ARG002 - each server has the same
        sink.write(_ROLE)

    def content(self, instance: Instance, database: str) -> DatabaseContent:
        return _content(self._read(instance.stack, instance.address)[database])

    def restore(self, instance: Instance, aside: Aside, source: BinaryIO, locale: str = "") -> None:  # noqa: ARG002
        text = source.read()
        self._change(instance, lambda databases: databases.update({str(aside): json.loads(text)}))

    def restore_roles(self, instance: Instance, statements: str) -> None:
        """Each server has the same."""

    def drop(self, instance: Instance, aside: Aside) -> None:
        self._change(instance, lambda databases: databases.pop(str(aside), None))

    def exchange(self, instance: Instance, exchanges: Sequence[Exchange]) -> None:
        def exchanged(databases: dict[str, dict[str, list[str]]]) -> None:
            for exchange in exchanges:
                if exchange.name in databases:
                    databases[str(exchange.outgoing)] = databases.pop(exchange.name)
                databases[exchange.name] = databases.pop(str(exchange.incoming))

        self._change(instance, exchanged)

    def free_bytes(self, instance: Instance) -> int:  # noqa: ARG002 - one number for all
        """What the file `free` says; without it there is room for anything."""
        file = self._home / "free"
        return int(file.read_text()) if file.is_file() else 2**60

    def connections(self, instance: Instance) -> tuple[int, int]:  # noqa: ARG002 - the same of all
        """What the file `connections` says; without it there are none of a hundred."""
        file = self._home / "connections"
        used, most = map(int, file.read_text().split()) if file.is_file() else (0, 100)
        return used, most

    def _change(self, instance: Instance, change: Callable[[dict[str, dict[str, list[str]]]], object]) -> None:
        with self._world.alone():
            databases = self._read(instance.stack, instance.address)
            change(databases)
            self._write(instance.stack, instance.address, databases)

    def _file(self, stack: str, address: str) -> Path:
        return self._home / f"{stack}.{quote(address, safe='')}.json"

    def _read(self, stack: str, address: str) -> dict[str, dict[str, list[str]]]:
        try:
            return _FILE.validate_json(self._file(stack, address).read_bytes())
        except FileNotFoundError:
            return {USUAL: {}}
        except ValueError as error:
            raise ProviderError(f"the file {self._file(stack, address)} is broken. Remove it.") from error

    def _write(self, stack: str, address: str, databases: Mapping[str, Rows]) -> None:
        self._home.mkdir(exist_ok=True, mode=0o700)
        replace_file(self._file(stack, address), json.dumps(databases).encode())


def _content(rows: Rows) -> DatabaseContent:
    return DatabaseContent(
        tuple(Table("public", name, len(texts), _checksum(texts)) for name, texts in sorted(rows.items()))
    )


def _checksum(rows: Sequence[str]) -> str:
    return str(sum(int(hashlib.sha256(row.encode()).hexdigest()[:16], 16) for row in rows))
