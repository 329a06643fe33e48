"""A backup, a restore or a removal that is killed at any outside effect, and run again, ends as an undisturbed one."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prefect import Flow

from flows.backup import backup
from flows.provision import provision
from flows.reconcile import reconcile
from flows.restore import restore
from flows.teardown import teardown
from infra_specs.backup.manifest import Manifest
from infra_specs.backup.state import newest_proven
from tasks.backups import catalog
from tasks.backups.sealed import Vault, identity_of
from tasks.backups.store import FolderStore
from tasks.providers.memory import MemoryProvider
from tasks.providers.memory.databases import MemoryDatabases
from tests.flows.shop import shop
from tests.support.children import run, start_with
from tests.support.points import Points

pytestmark = [pytest.mark.prefect, pytest.mark.proof, pytest.mark.usefixtures("prefect_server")]

ROWS = {"orders": ["1 book", "2 lamps"], "people": ["ada"]}
LATER = {"orders": ["1 book", "2 lamps", "3 chairs"], "people": []}
SPEC = {**shop(), "backup": {"keep": {"daily": 1, "weekly": 0}}}
EFFECTS = ("databases.", "store.", "ledger.backup_locks", "create", "destroy")


class Killing(Points):
    """Kills a run after an effect on databases, on the store, on the lock of backups, or on what runs."""

    def __init__(self, at: int = 0) -> None:
        super().__init__(at, 9, after_an_effect)

    def install(self) -> None:
        super().install()
        from tasks.ledger.backup_locks import BackupLocks  # noqa: PLC0415

        for owner, name, effects in (
            (MemoryDatabases, "databases", ("dump", "restore", "drop", "exchange")),
            (FolderStore, "store", ("remove",)),
            (BackupLocks, "ledger.backup_locks", ("acquire",)),
        ):
            for effect in effects:
                setattr(owner, effect, self.around(f"{name}.{effect}", getattr(owner, effect)))
        written = FolderStore.writing

        @contextmanager
        def writing(store: FolderStore, key: str) -> Iterator[Any]:
            with written(store, key) as file:
                self.reach(f"after store.begin {key.rsplit('/', 1)[-1]}")
                yield file
            self.reach(f"after store.end {key.rsplit('/', 1)[-1]}")

        FolderStore.writing = writing  # type: ignore[method-assign]


def after_an_effect(point: str) -> bool:
    return point.startswith("after") and point.split()[1].startswith(EFFECTS)


@pytest.fixture
def databases(home: Path) -> MemoryDatabases:
    assert run(provision, {"spec": SPEC, "source": "/srv"}).state == "COMPLETED"
    databases = MemoryProvider(home / "memory")._databases
    databases.put("shop", "database/main", ROWS)
    return databases


def test_a_backup_killed_at_every_effect(
    home: Path, databases: MemoryDatabases, record_property: Callable[[str, object], None]
) -> None:
    old = ("20260101-030000", "20260102-030000")
    for name in old:  # they expire with the next one
        manifest = Manifest("shop", name, 1.0, 2.0, "memory", 1, ())
        catalog.write_manifest(vault(home), manifest)
        catalog.write_verdict(vault(home), manifest, "proven", "", 3.0)

    def killed(point: str) -> None:
        assert databases.rows("shop", "database/main") == ROWS, point
        for known in catalog.backups(vault(home), "shop"):
            assert known.state != "failed", f"{point}: {known}"
        assert newest_proven(catalog.backups(vault(home), "shop")), point

    def ended(point: str) -> None:
        known = catalog.backups(vault(home), "shop")
        assert known[0].state == "proven", point
        assert not {backup.name for backup in known} & set(old), point
        names = {key.split("/")[1] for key in vault(home).store.files("shop")}
        assert names == {backup.name for backup in known}, point
        assert not list((home / "backups").rglob("*.part")), point

    record_property("points", at_every_point(home, databases, (backup, {"stack": "shop"}), killed, ended))


def test_a_restore_killed_at_every_effect(
    home: Path, databases: MemoryDatabases, record_property: Callable[[str, object], None]
) -> None:
    assert run(backup, {"stack": "shop"}).state == "COMPLETED"
    databases.put("shop", "database/main", LATER)
    services = running(home)

    def killed(point: str) -> None:
        assert databases.rows("shop", "database/main") in (ROWS, LATER), point
        assert running(home) == services, point

    def ended(point: str) -> None:
        assert databases.rows("shop", "database/main") == ROWS, point
        assert running(home) == services, point

    record_property("points", at_every_point(home, databases, (restore, {"stack": "shop"}), killed, ended))


def test_a_teardown_killed_between_its_parts(home: Path, databases: MemoryDatabases) -> None:
    """Its services stopped, its backup written, its backup proven, and half of it deleted: the end is the same."""
    step = (teardown, {"stack": "shop", "delete_data": True})
    start = home.with_name("start")
    shutil.copytree(home, start)
    points = start_with(Killing(), *step).wait().points
    for part in ("destroy replica/web", "store.end manifest", "store.end proof", "destroy database/main"):
        number = next(number for number, point in enumerate(points, 1) if part in point)
        shutil.rmtree(home)
        shutil.copytree(start, home)
        assert start_with(Killing(number), *step).wait().state is None, f"it was not killed at {part}"
        if "database" not in part:
            assert databases.rows("shop", "database/main") == ROWS, part
        again = run(*step)
        assert again.state == "COMPLETED", f"killed at {part}: {again.message}"
        assert running(home) == [], part
        newest = newest_proven(catalog.backups(vault(home), "shop"))
        assert newest, part
        assert catalog.read_manifest(vault(home), "shop", newest.name).rows == 3, part


def at_every_point(
    home: Path,
    databases: MemoryDatabases,
    step: tuple[Flow[..., Any], dict[str, Any]],
    killed: Callable[[str], None],
    ended: Callable[[str], None],
) -> int:
    """Kill the step at every point, reconcile, and run it again. Returns how many points there are."""
    start = home.with_name("start")
    shutil.copytree(home, start)
    undisturbed = start_with(Killing(), *step).wait()
    assert undisturbed.state == "COMPLETED", undisturbed.message
    ended("undisturbed")
    assert len(undisturbed.points) > 8
    for number, point in enumerate(undisturbed.points, 1):
        shutil.rmtree(home)
        shutil.copytree(start, home)
        assert start_with(Killing(number), *step).wait().state is None, f"it was not killed {point}"
        looked = run(reconcile, {"stack": "shop"})
        assert looked.state == "COMPLETED", f"killed {point}: {looked.message}"
        left = databases.names("shop", "database/main")
        assert not [name for name in left if "restored" in name], f"killed {point}: {left}"
        killed(point)
        again = run(*step)
        assert again.state == "COMPLETED", f"killed {point}: {again.message}"
        assert databases.names("shop", "database/main") == ("app",), f"killed {point}"
        ended(point)
    return len(undisturbed.points)


def vault(home: Path) -> Vault:
    return Vault(FolderStore(home / "backups"), identity_of(home))


def running(home: Path) -> list[tuple[str, str, str]]:
    """What runs, without how often it was made."""
    observed = MemoryProvider(home / "memory").observe("shop")
    return [(instance.address, instance.fingerprint, instance.health.state) for instance in observed]
