"""A shop on the memory target for tests of flows: its spec, its world, and all that its ledger says."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from infra_specs.resources.instance import Instance
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.ledger.runs import Run
from tasks.providers.memory import MemoryProvider


def shop(name: str = "shop", *, needs: bool = True, **service: Any) -> dict[str, Any]:
    """A web service of two replicas, changed as told, with a database and a cache."""
    web = {"command": "run", "port": 80, "replicas": {"min": 2, "max": 5}, **service}
    spec = {"name": name, "target": {"provider": "memory"}, "services": {"web": web}}
    return {**spec, "needs": {"database": "postgres", "cache": "valkey"}} if needs else spec


def observed(home: Path, stack: str = "shop") -> tuple[Instance, ...]:
    """Everything that is there of a stack."""
    return MemoryProvider(home / "memory").observe(stack)


def addresses(home: Path, stack: str = "shop") -> list[str]:
    return [str(instance) for instance in observed(home, stack)]


def whole_world(home: Path) -> str:
    """Every stack of the memory target, to the byte."""
    file = home / "memory" / "world.json"
    return file.read_text() if file.exists() else ""


def every_row(home: Path) -> dict[str, list[Any]]:
    """The whole ledger, table by table, without which processes are alive."""
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: connection.execute(f'SELECT * FROM "{table}" ORDER BY 1').fetchall() for table in tables
                if table not in ("alembic_version", "sqlite_sequence", "live_runs")}  # fmt: skip


def runs(stack: str = "shop") -> tuple[Run, ...]:
    """The stack's runs in the ledger, the newest first."""
    with Ledger.open(settings()) as ledger:
        return ledger.runs.history(stack, 100)
