"""A folder becomes another account's, with what is in it and with nothing else."""

import os
from pathlib import Path

import pytest

from tasks.providers.local.files import give

pytestmark = pytest.mark.pure


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_all_of_a_folder_is_given_and_nothing_that_lies_elsewhere_too(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    for path in (folder / "deep" / "file", tmp_path / "outside"):
        path.touch()
    os.link(folder / "deep" / "file", folder / "second")
    os.link(tmp_path / "outside", folder / "hard")
    (folder / "soft").symlink_to(tmp_path / "outside")
    os.chown(folder, 65534, 65534)
    give(folder, (65534, 65534))
    owned = {path.name for path in folder.rglob("*") if path.lstat().st_uid == 65534}
    assert owned == {"deep", "file", "second", "soft"}
    assert (tmp_path / "outside").stat().st_uid == 0
