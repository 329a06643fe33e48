"""What a store lists: whole backups with their state, read with the key alone, and never half a one."""

import json
from pathlib import Path

import pytest

from infra_specs.backup.manifest import DatabaseContent, DatabaseCopy, Manifest, to_json
from infra_specs.backup.retention import expired
from infra_specs.errors import PlanError
from infra_specs.stackfile.models.backup import Keep
from tasks.backups import catalog
from tasks.backups.sealed import Vault, identity_of
from tasks.backups.store import FolderStore

pytestmark = pytest.mark.pure

FIRST, SECOND = "20261101-030000", "20261102-030000"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(FolderStore(tmp_path / "store"), identity_of(tmp_path))


def written(vault: Vault, name: str, stack: str = "shop") -> Manifest:
    manifest = Manifest(stack, name, 1.0, 2.0, "memory", 1, ())
    vault.put(catalog.key_of(stack, name, "database-0.age"), b"data")
    catalog.write_manifest(vault, manifest)
    return manifest


def proven_with_data(vault: Vault, name: str) -> Manifest:
    with vault.writing(catalog.key_of("shop", name, "database-0.age")) as file:
        file.sink.write(b"data")
    copy = DatabaseCopy("database/main", "app", 1, 18, DatabaseContent(), file.stored)
    manifest = Manifest("shop", name, 1.0, 2.0, "memory", 1, (copy,))
    catalog.write_manifest(vault, manifest)
    catalog.write_verdict(vault, manifest, "proven", "", 3.0)
    return manifest


def states(vault: Vault) -> list[tuple[str, str, str]]:
    return [(backup.name, backup.state, backup.reason) for backup in catalog.backups(vault, "shop")]


def test_the_newest_comes_first_with_its_state(vault: Vault) -> None:
    catalog.write_verdict(vault, written(vault, FIRST), "proven", "", 3.0)
    written(vault, SECOND)
    written(vault, SECOND, stack="shop-2")
    assert states(vault) == [(SECOND, "written", "nobody has restored it yet"), (FIRST, "proven", "")]
    assert catalog.find(vault, "shop", "").name == FIRST
    assert catalog.find(vault, "shop", SECOND).state == "written"


def test_half_a_backup_is_none_and_is_removed(vault: Vault, tmp_path: Path) -> None:
    written(vault, FIRST)
    vault.put(catalog.key_of("shop", SECOND, "database-0.age"), b"data")
    draft = tmp_path / "store" / "shop" / "20261103-030000" / "database-0.age.part"
    draft.parent.mkdir()
    draft.write_bytes(b"killed")
    assert catalog.names(vault, "shop") == (FIRST,)
    catalog.remove_halves(vault, "shop")
    assert {path.name for path in (tmp_path / "store" / "shop").iterdir()} == {FIRST}


def test_a_truncated_manifest_is_a_failed_backup(vault: Vault, tmp_path: Path) -> None:
    catalog.write_verdict(vault, written(vault, FIRST), "proven", "", 3.0)
    path = tmp_path / "store" / catalog.key_of("shop", FIRST, "manifest.age")
    path.write_bytes(path.read_bytes()[:-1])
    ((_, state, reason),) = states(vault)
    assert state == "failed"
    assert "cannot be decrypted" in reason


@pytest.mark.parametrize("is_cut_off", [False, True])
def test_a_proven_backup_whose_data_is_not_in_its_store_counts_no_more(
    vault: Vault, tmp_path: Path, is_cut_off: bool
) -> None:
    proven_with_data(vault, FIRST)
    size = proven_with_data(vault, SECOND).size
    key = catalog.key_of("shop", SECOND, "database-0.age")
    path = tmp_path / "store" / key
    reason = f"{key} is not in its store"
    if is_cut_off:
        path.write_bytes(path.read_bytes()[:-1])
        reason = f"{key} has {size - 1} bytes in its store in place of {size}"
    else:
        path.unlink()
    assert states(vault) == [(SECOND, "failed", reason), (FIRST, "proven", "")]
    assert catalog.find(vault, "shop", "").name == FIRST
    newest = catalog.newest_proven_in(vault, "shop")
    assert newest
    assert newest.name == FIRST
    assert expired(catalog.backups(vault, "shop"), Keep(daily=1, weekly=0), "UTC") == ()


def test_a_manifest_that_took_the_place_of_a_proven_one_does_not_count(vault: Vault) -> None:
    catalog.write_verdict(vault, written(vault, FIRST), "proven", "", 3.0)
    catalog.write_manifest(vault, Manifest("shop", FIRST, 1.0, 2.5, "memory", 1, ()))
    assert states(vault) == [(FIRST, "failed", "its manifest is not the one that was proven")]


def test_a_proven_manifest_of_an_earlier_version_stays_proven(vault: Vault) -> None:
    manifest = Manifest("shop", FIRST, 1.0, 2.0, "memory", 1, ())
    earlier = {key: value for key, value in json.loads(to_json(manifest)).items() if key not in ("volumes", "missing")}
    vault.put(catalog.key_of("shop", FIRST, "manifest.age"), json.dumps(earlier).encode())
    catalog.write_verdict(vault, manifest, "proven", "", 3.0)
    assert states(vault) == [(FIRST, "proven", "")]


def test_another_stacks_backup_in_its_place_is_named(vault: Vault, tmp_path: Path) -> None:
    written(vault, FIRST, stack="blog")
    (tmp_path / "store" / "blog").rename(tmp_path / "store" / "shop")
    assert states(vault) == [(FIRST, "failed", f"it is the backup {FIRST} of blog, and was moved here")]


def test_what_is_not_there_is_said_with_what_is(vault: Vault) -> None:
    with pytest.raises(PlanError, match=r"shop has no proven backup\. It has none\."):
        catalog.find(vault, "shop", "")
    written(vault, FIRST)
    with pytest.raises(PlanError, match=rf"shop has no backup `{SECOND}`\. There are: {FIRST}\."):
        catalog.find(vault, "shop", SECOND)


def test_a_removed_backup_leaves_nothing(vault: Vault, tmp_path: Path) -> None:
    catalog.write_verdict(vault, written(vault, FIRST), "proven", "", 3.0)
    catalog.remove(vault, "shop", FIRST)
    catalog.remove(vault, "shop", FIRST)
    assert list((tmp_path / "store" / "shop").iterdir()) == []


def test_backups_of_another_key_never_expire(vault: Vault, tmp_path: Path) -> None:
    """A machine that is lost leaves its store; until its key is back, its backups look broken to the next one."""
    catalog.write_verdict(vault, written(vault, FIRST), "proven", "", 3.0)
    (tmp_path / "later").mkdir()
    later = Vault(vault.store, identity_of(tmp_path / "later"))
    catalog.write_verdict(later, written(later, SECOND), "proven", "", 3.0)
    assert expired(catalog.backups(later, "shop"), Keep(daily=1, weekly=0), "UTC") == ()
    assert [backup.name for backup in catalog.backups(vault, "shop") if backup.state == "proven"] == [FIRST]
