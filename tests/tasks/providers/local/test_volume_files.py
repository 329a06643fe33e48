"""The files of a volume: read into a tar, put beside, compared, exchanged, and never read through a link."""

import errno
import io
import os
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from infra_specs.backup.manifest import VolumeContent, file_differences
from infra_specs.backup.names import Aside
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from tasks.providers.local import volume_files
from tasks.providers.local.volume_files import LocalVolumeFiles, put_back

pytestmark = pytest.mark.pure

RESTORED, REPLACED = Aside("restored", "20261101-030000", 0), Aside("replaced", "20261101-030000", 0)
FILES = LocalVolumeFiles()


@pytest.fixture
def volume(tmp_path: Path) -> Instance:
    folder = tmp_path / "volumes" / "volume-web.data.1"
    (folder / "empty").mkdir(parents=True)
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "deep" / "deeper" / "Ä name\nwith lines").write_bytes(os.urandom(100_000))
    (folder / "script").write_text("#!/bin/sh\n")
    (folder / "script").chmod(0o750)
    (folder / "link").symlink_to("deep/deeper")
    (folder / "outside").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    return Instance(
        "shop", "volume/web.data", "volume", "f", 1, Health("healthy", "", 0.0), outputs={"path": str(folder)}
    )


def read(volume: Instance) -> tuple[bytes, VolumeContent]:
    sink = io.BytesIO()
    content = FILES.read(volume, sink)
    return sink.getvalue(), content


def restored(volume: Instance) -> list[str]:
    data, content = read(volume)
    FILES.put(volume, RESTORED, io.BytesIO(data))
    return list(file_differences(content, FILES.content(volume, RESTORED)))


def test_what_is_put_beside_is_what_was_read(volume: Instance, tmp_path: Path) -> None:
    assert restored(volume) == []
    beside = tmp_path / "volumes" / f".volume-web.data.1.{RESTORED}"
    assert stat.S_IMODE((beside / "script").stat().st_mode) == 0o750
    assert (beside / "outside").readlink() == Path("/etc/passwd")
    assert not (beside / "pipe").exists()
    assert (beside / "empty").is_dir()
    (beside / "script").write_text("#!/bin/rm\n")
    (beside / "empty").rmdir()
    (beside / "more").touch()
    assert list(file_differences(read(volume)[1], FILES.content(volume, RESTORED))) == [
        "empty is missing", "script has other bytes", "more is not of the backup",
    ]  # fmt: skip


def test_volumes_are_exchanged_and_back(volume: Instance, tmp_path: Path) -> None:
    assert restored(volume) == []
    folder = Path(volume.outputs["path"])
    (folder / "later").touch()
    FILES.exchange(volume, RESTORED, REPLACED)
    FILES.exchange(volume, RESTORED, REPLACED)
    assert not (folder / "later").exists()
    assert FILES.asides(volume) == (REPLACED,)
    FILES.exchange(volume, REPLACED, RESTORED)
    assert (folder / "later").exists()
    FILES.drop(volume, RESTORED)
    FILES.drop(volume, RESTORED)
    assert FILES.asides(volume) == ()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("times", [1, 2])
def test_a_file_that_changes_is_read_again_and_then_named(
    volume: Instance, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    path, left = Path(volume.outputs["path"]) / "script", [times]
    added = volume_files._add_file

    def changing(archive: tarfile.TarFile, info: tarfile.TarInfo, *rest: object) -> object:
        entry = added(archive, info, *rest)  # type: ignore[arg-type]
        if info.name == "script" and left[0]:
            left[0] -= 1
            path.write_text("#!/bin/sh\n" + "x" * (3 - left[0]))
        return entry

    monkeypatch.setattr(volume_files, "_add_file", changing)
    data, content = read(volume)
    assert content.torn == (() if times == 1 else ("script",))
    FILES.put(volume, RESTORED, io.BytesIO(data))
    assert list(file_differences(content, FILES.content(volume, RESTORED))) == []


def test_a_link_in_a_files_place_is_not_followed(
    volume: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("root's")
    path, added = Path(volume.outputs["path"]) / "script", volume_files._add_file

    def swapped(archive: tarfile.TarFile, info: tarfile.TarInfo, *rest: object) -> object:
        if info.name == "script":
            path.unlink()
            path.symlink_to(tmp_path / "secret")
        return added(archive, info, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(volume_files, "_add_file", swapped)
    data, _ = read(volume)
    assert b"root's" not in data


def test_a_tar_that_is_cut_off_is_refused(volume: Instance) -> None:
    data, _ = read(volume)
    with pytest.raises(ProviderError, match="cannot be unpacked"):
        FILES.put(volume, RESTORED, io.BytesIO(data[: len(data) // 2]))


@pytest.mark.parametrize("sort", ["file", "folder"])
def test_what_cannot_be_read_is_no_part_that_is_left_out(
    volume: Instance, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    """A backup without it would be proven: it is compared with what was read."""
    opened, refused = os.open, "script" if sort == "file" else "deeper"

    def refuses(path: Any, *arguments: Any, **options: Any) -> int:
        if os.path.basename(os.fspath(path)) == refused:  # noqa: PTH119 - as the walk gives it
            raise PermissionError(errno.EACCES, "Permission denied", refused)
        return opened(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuses)
    with pytest.raises(ProviderError, match=f"could not use {refused}: Permission denied"):
        read(volume)


def test_names_and_links_of_any_bytes_are_held(volume: Instance) -> None:
    folder = os.fsencode(volume.outputs["path"])
    with open(folder + b"/caf\xe9", "wb") as file:  # noqa: PTH123 - bytes
        file.write(b"latin")
    os.symlink(b"caf\xe9", folder + b"/l\xe9")  # noqa: PTH211 - bytes
    assert restored(volume) == []
    assert b"caf" in TypeAdapter(VolumeContent).dump_json(read(volume)[1])


BETWEEN, WHOLE = 2, 3
"""Renames of an exchange by then: the first is tried, to be rid of an earlier folder in the way."""


class Killed(BaseException):
    """What ends a process in a test."""


def after_renames(monkeypatch: pytest.MonkeyPatch, count: int, error: BaseException) -> None:
    """The rename after so many does not come to pass."""
    rename, left = Path.rename, [count]

    def renames(path: Path, to: Path) -> Path:
        if not left[0]:
            raise error
        left[0] -= 1
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", renames)


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("renames", [0, 1, 2, 3])
def test_an_exchange_that_is_killed_loses_nothing(
    volume: Instance, monkeypatch: pytest.MonkeyPatch, renames: int, back: bool
) -> None:
    """Wherever it ends, what was there before is in its place or in the aside of what was replaced."""
    assert restored(volume) == []
    folder = Path(volume.outputs["path"])
    (folder / "later").touch()
    steps = [(RESTORED, REPLACED), (REPLACED, RESTORED)]
    if back:
        FILES.exchange(volume, *steps[0])
    with monkeypatch.context() as patched:
        after_renames(patched, renames, Killed())
        try:
            FILES.exchange(volume, *steps[back])
        except Killed:
            assert renames < WHOLE
    whole = not back if renames == WHOLE else back
    if renames == BETWEEN:
        whole = False  # what was there before the restore is the safe one
    assert FILES.asides(volume) == ((REPLACED,) if whole else (RESTORED,))
    assert (folder / "later").exists() is not whole
    assert sorted(path.name for path in folder.parent.iterdir()) == sorted(
        (folder.name, f".{folder.name}.{REPLACED if whole else RESTORED}")
    )


def test_a_volume_that_is_made_again_gets_back_what_a_killed_exchange_took(
    volume: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be empty, and what it held would be dropped with the next proven backup."""
    assert restored(volume) == []
    folder = Path(volume.outputs["path"])
    with monkeypatch.context() as patched:
        after_renames(patched, BETWEEN, Killed())
        with pytest.raises(Killed):
            FILES.exchange(volume, RESTORED, REPLACED)
    assert not folder.exists()
    assert put_back(folder)
    assert (folder / "script").exists()
    assert not put_back(folder)


def test_an_exchange_that_fails_leaves_what_was_there(volume: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    assert restored(volume) == []
    rename = Path.rename

    def refuses(path: Path, to: Path) -> Path:
        if str(RESTORED) in path.name:
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", refuses)
    with pytest.raises(ProviderError, match="Input/output error"):
        FILES.exchange(volume, RESTORED, REPLACED)
    assert FILES.asides(volume) == (RESTORED,)
    assert Path(volume.outputs["path"]).is_dir()


def test_a_volume_without_its_folder_is_no_empty_one(volume: Instance) -> None:
    Path(volume.outputs["path"]).rename(Path(volume.outputs["path"]).with_name("elsewhere"))
    with pytest.raises(ProviderError, match=r"the folder .* of volume/web\.data is gone"):
        FILES.read(volume, io.BytesIO())
