"""A file in a store is whole and of our key, or it is a fault: cut off, changed, of another key, or never finished."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519

from infra_specs.backup.manifest import StoredFile
from infra_specs.errors import BackupFault, DiskFull, ProviderError
from tasks.backups.sealed import Vault, identity_of
from tasks.backups.store import FolderStore

pytestmark = pytest.mark.pure

KEY = "shop/20261101-040000/database-0.age"
DATA = os.urandom(300_000)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(FolderStore(tmp_path / "store"), identity_of(tmp_path))


def written(vault: Vault) -> StoredFile:
    with vault.writing(KEY) as file:
        for start in range(0, len(DATA), 7919):
            file.sink.write(DATA[start : start + 7919])
    return file.stored


def read(vault: Vault, stored: StoredFile | None = None) -> bytes:
    with vault.reading(KEY, stored) as source:
        return source.read()


def test_it_is_read_back_and_hashed(vault: Vault, tmp_path: Path) -> None:
    stored = written(vault)
    assert read(vault, stored) == DATA
    raw = (tmp_path / "store" / KEY).read_bytes()
    assert len(raw) == stored.size
    assert DATA[:1000] not in raw
    assert vault.store.files("shop").keys() == {KEY}


@pytest.mark.parametrize("part", [n / 10 for n in range(10)])
def test_cut_off_anywhere_it_is_a_fault(vault: Vault, tmp_path: Path, part: float) -> None:
    stored, path = written(vault), tmp_path / "store" / KEY
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * part)])
    with pytest.raises(BackupFault, match="changed, cut off or of another key"):
        read(vault, stored)


@pytest.mark.parametrize("at", [0, 50, 150, 1000, 150_000, -1])
def test_one_changed_byte_is_a_fault(vault: Vault, tmp_path: Path, at: int) -> None:
    stored, path = written(vault), tmp_path / "store" / KEY
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)
    with pytest.raises(BackupFault):
        read(vault, stored)


def test_another_whole_file_of_the_same_key_is_a_fault(vault: Vault) -> None:
    stored = written(vault)
    vault.put(KEY, b"another")
    with pytest.raises(BackupFault, match="other bytes are in the store"):
        read(vault, stored)


def test_another_key_opens_nothing(vault: Vault, tmp_path: Path) -> None:
    stored = written(vault)
    other = Vault(FolderStore(tmp_path / "store"), str(x25519.Identity.generate()))
    with pytest.raises(BackupFault, match="of another key"):
        read(other, stored)


def test_what_is_not_there_is_a_fault(vault: Vault) -> None:
    with pytest.raises(BackupFault, match="is not in its store"):
        read(vault)


def test_a_writer_that_fails_leaves_nothing(vault: Vault, tmp_path: Path) -> None:
    def dump() -> None:
        with vault.writing(KEY) as file:
            file.sink.write(DATA)
            raise RuntimeError("the dump died")

    with pytest.raises(RuntimeError, match="the dump died"):
        dump()
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_who_reads_only_the_beginning_is_told_of_the_end(vault: Vault, tmp_path: Path) -> None:
    stored, path = written(vault), tmp_path / "store" / KEY
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupFault), vault.reading(KEY, stored) as source:
        assert source.read(10) == DATA[:10]


def test_the_fault_goes_before_what_it_caused(vault: Vault, tmp_path: Path) -> None:
    stored, path = written(vault), tmp_path / "store" / KEY
    path.write_bytes(path.read_bytes()[:-1])

    def restore() -> None:
        with vault.reading(KEY, stored) as source:
            source.read()
            raise ProviderError("pg_restore ended with 1")

    with pytest.raises(BackupFault):
        restore()


def test_a_full_store_is_said(tmp_path: Path) -> None:
    vault = Vault(FullStore(tmp_path), identity_of(tmp_path))

    def dump() -> None:
        with vault.writing(KEY) as file:
            for _ in range(100):
                file.sink.write(DATA)

    with pytest.raises(DiskFull, match="Make room"):
        dump()


class FullStore(FolderStore):
    """Its disk has no room."""

    @contextmanager
    def writing(self, key: str) -> Iterator[Any]:
        with self._explained():
            yield FullFile()


class FullFile:
    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None: ...


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    identity = identity_of(tmp_path)
    assert identity.startswith("AGE-SECRET-KEY-")
    assert identity_of(tmp_path) == identity
    assert (tmp_path / "backup.key").stat().st_mode & 0o077 == 0


def test_a_broken_key_is_said(tmp_path: Path) -> None:
    (tmp_path / "backup.key").write_text("secret?")
    with pytest.raises(ProviderError, match=r"is broken\. Put the right one back"):
        identity_of(tmp_path)
