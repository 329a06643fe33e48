"""A restore that was killed between its volumes and its databases is taken back, and never one that was whole."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra_specs.backup.names import Aside
from infra_specs.backup.parts import RestoredParts
from infra_specs.resources.instance import Health, Instance
from tasks.backups.context import BackupContext
from tasks.backups.restore import put_back, tidy
from tasks.providers.local.volume_files import LocalVolumeFiles
from tasks.providers.memory.databases import MemoryDatabases
from tasks.providers.memory.world import World

pytestmark = pytest.mark.pure

NAME = "20261101-030000"
RESTORED, REPLACED = str(Aside("restored", NAME, 0)), str(Aside("replaced", NAME, 0))
PARTS = RestoredParts(NAME, (("database/main", "app"),), ("volume/web.data",))


@dataclass
class Stand:
    """One server and one volume beside each other, each with what is beside its data."""

    context: BackupContext
    databases: MemoryDatabases
    volume: Path

    def put(self, databases: dict[str, str], folders: dict[str, str]) -> None:
        """By name one row, and one file. The stack's own are `app` and an empty name."""
        self.databases._write("shop", "database/main", {name: {"rows": [row]} for name, row in databases.items()})
        for name, text in folders.items():
            folder = self.volume.with_name(f".{self.volume.name}.{name}") if name else self.volume
            folder.mkdir(parents=True)
            (folder / "file").write_text(text)

    def seen(self) -> tuple[dict[str, str], list[str], str]:
        rows = self.databases._read("shop", "database/main")
        names = sorted(path.name for path in self.volume.parent.iterdir())
        return {name: tables["rows"][0] for name, tables in rows.items()}, names, (self.volume / "file").read_text()


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    volume, health = tmp_path / "volumes" / "data", Health("healthy", "", 0.0)
    instances = (
        Instance("shop", "database/main", "database", "f", 1, health),
        Instance("shop", "volume/web.data", "volume", "f", 1, health, outputs={"path": str(volume)}),
    )
    databases = MemoryDatabases(tmp_path, World(tmp_path))
    provider: Any = SimpleNamespace(
        target="memory", databases=databases, volume_files=LocalVolumeFiles(), observe=lambda _: instances
    )
    ledger: Any = SimpleNamespace(locks=SimpleNamespace(check=lambda _: None))
    context: Any = BackupContext(SimpleNamespace(name="shop"), provider, ledger, None, None)  # type: ignore[arg-type]
    return Stand(context, databases, volume)


def take_back(stand: Stand) -> None:
    """As a reconcile does, with no store."""
    tidy(stand.context)
    put_back(stand.context, PARTS)
    tidy(stand.context)


def test_files_of_a_backup_do_not_stay_beside_rows_of_another_moment(stand: Stand) -> None:
    stand.put({"app": "now", RESTORED: "then"}, {"": "then", REPLACED: "now"})
    take_back(stand)
    assert stand.seen() == ({"app": "now"}, ["data"], "now")


def test_rows_that_were_put_back_half_follow(stand: Stand) -> None:
    stand.put({"app": "then", REPLACED: "now"}, {"": "now", RESTORED: "then"})
    take_back(stand)
    assert stand.seen() == ({"app": "now"}, ["data"], "now")


def test_what_was_exchanged_as_a_whole_is_put_back_if_the_restore_had_not_ended(stand: Stand) -> None:
    stand.put({"app": "then", REPLACED: "now"}, {"": "then", REPLACED: "now"})
    take_back(stand)
    assert stand.seen() == ({"app": "now"}, ["data"], "now")


def test_what_the_stack_has_no_more_is_left(stand: Stand) -> None:
    stand.put({"app": "then", REPLACED: "now"}, {"": "then", REPLACED: "now"})
    put_back(stand.context, replace(PARTS, volumes=("volume/gone.data", *PARTS.volumes)))
    assert stand.seen()[0]["app"] == "now"


def test_what_was_exchanged_as_a_whole_stays(stand: Stand) -> None:
    stand.put({"app": "then", REPLACED: "now"}, {"": "then", REPLACED: "now"})
    tidy(stand.context)
    assert stand.seen() == ({"app": "then", REPLACED: "now"}, [f".data.{REPLACED}", "data"], "then")


def test_a_proof_after_a_whole_exchange_is_no_half_one(stand: Stand) -> None:
    """What was replaced is still there, and the next proof was killed before it had restored all."""
    stand.put({"app": "live", REPLACED: "before", RESTORED: "proof"}, {"": "live", REPLACED: "before"})
    tidy(stand.context)
    assert stand.seen() == ({"app": "live", REPLACED: "before"}, [f".data.{REPLACED}", "data"], "live")


def test_nor_is_one_that_had_restored_a_volume_only(stand: Stand) -> None:
    stand.put({"app": "live", REPLACED: "before"}, {"": "live", REPLACED: "before", RESTORED: "proof"})
    tidy(stand.context)
    assert stand.seen() == ({"app": "live", REPLACED: "before"}, [f".data.{REPLACED}", "data"], "live")


def test_what_was_never_exchanged_is_removed(stand: Stand) -> None:
    stand.put({"app": "now", RESTORED: "then"}, {"": "now", RESTORED: "then"})
    tidy(stand.context)
    assert stand.seen() == ({"app": "now"}, ["data"], "now")
