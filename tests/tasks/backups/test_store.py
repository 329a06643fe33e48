"""A folder of backups: one that a file names is never made, and one that cannot be read is never empty."""

import os
from pathlib import Path
from typing import Any

import pytest

from infra_specs.errors import ProviderError
from tasks.backups.store import FolderStore

pytestmark = pytest.mark.pure

KEY = "shop/20261101-030000/manifest.age"


def write(store: FolderStore) -> None:
    with store.writing(KEY) as file:
        file.write(b"data")


def test_our_own_folder_is_made(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "home" / "backups")
    assert store.files("shop") == {}
    write(store)
    assert store.files("shop") == {KEY: 4}


def test_a_folder_that_is_named_must_be_there(tmp_path: Path) -> None:
    root = tmp_path / "mnt"
    store = FolderStore(root, is_ours=False)
    for call in (lambda: write(store), lambda: store.files("shop"), lambda: store.remove(KEY), lambda: read(store)):
        with pytest.raises(ProviderError, match="is not there: make it, or mount the disk that it belongs to"):
            call()
    assert not root.exists()
    root.mkdir()
    write(store)
    assert store.files("shop") == {KEY: 4}


def read(store: FolderStore) -> None:
    with store.reading(KEY):
        pass


@pytest.mark.parametrize("hidden", ["shop", "20261101-030000"])
def test_a_folder_that_cannot_be_read_is_not_an_empty_one(
    tmp_path: Path, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)
    write(store)
    listed = os.scandir

    def refuses(path: Any) -> Any:
        if Path(path).name == hidden:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuses)
    for call in (store.files, store.sweep):
        with pytest.raises(ProviderError, match="refuses: Permission denied"):
            call("shop")


def test_what_goes_while_it_is_listed_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(tmp_path)
    write(store)
    (tmp_path / "shop" / "link").symlink_to("nothing")
    assert store.files("shop") == {KEY: 4}
    monkeypatch.setattr(os, "scandir", lambda _: (_ for _ in ()).throw(FileNotFoundError(2, "gone")))
    assert store.files("shop") == {}
