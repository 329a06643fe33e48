"""A release's own copy: what it has, what it shares, and that no edit reaches it."""

import os
import stat
from pathlib import Path

import pytest

from infra_specs.errors import TransientError
from tasks.providers.local.code.copy import PreviousCopy, link_left_out, make_copy
from tasks.providers.local.code.tree import Tree, read_tree

pytestmark = pytest.mark.pure

ACCOUNT = 65_534
"""Its number: none that owns a file here."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    (folder / "pkg").mkdir(parents=True)
    (folder / "app.py").write_text("1")
    (folder / "pkg/run").write_text("2")
    (folder / "pkg/run").chmod(0o755)
    (folder / ".gitignore").write_text("data\n")
    (folder / "data").mkdir()
    return folder


def read(folder: Path) -> Tree:
    return read_tree(folder, folder / "home", {})


def copied(folder: Path, name: str, earlier: PreviousCopy | None = None, owner: tuple[int, int] | None = None) -> Path:
    copy = folder.parent / name
    make_copy(read(folder), copy, owner or (ACCOUNT, os.getegid()), earlier)
    return copy


def test_an_edit_in_place_does_not_reach_it(folder: Path) -> None:
    copy = copied(folder, "copy")
    with (folder / "app.py").open("r+") as file:
        file.write("9")
    assert (copy / "app.py").read_text() == "1"
    assert (copy / "pkg/run").stat().st_mode & 0o110 == 0o110
    assert (copy / "app.py").stat().st_mode & 0o222 == 0
    assert not (copy / "pkg/run").samefile(folder / "pkg/run")


def test_what_is_left_out_is_reached_by_a_link_whenever_it_came(folder: Path) -> None:
    copy = copied(folder, "copy")
    (copy / "data/upload").write_text("x")
    assert (folder / "data/upload").read_text() == "x"
    (folder / "pkg/cache").mkdir()
    (folder / ".gitignore").write_text("data\ncache\n")
    link_left_out(read(folder), copy)
    link_left_out(read(folder), copy)
    assert (copy / "pkg/cache").resolve() == folder / "pkg/cache"


def test_links_lead_where_they_led_and_to_the_copy_s_own_files(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.write_text("out")
    for name, aim in {
        "near": "app.py", "pkg/up": "../app.py", "whole": str(folder / "pkg/run"), "out": "../outside",
        "pkg/none": "nothing", "far": "/etc/hostname",
    }.items():  # fmt: skip
        (folder / name).symlink_to(aim)
    copy = copied(folder, "copy")
    for name in ("near", "pkg/up", "whole"):
        assert (copy / name).resolve().is_relative_to(copy), name
    assert (copy / "out").resolve() == outside
    assert (copy / "far").readlink() == Path("/etc/hostname")
    assert (copy / "pkg/none").readlink() == Path("nothing")


def test_unchanged_files_are_shared_with_an_earlier_copy(folder: Path) -> None:
    first, files = copied(folder, "first"), read(folder).files
    (folder / "app.py").write_text("changed")
    (folder / "open").write_text("x")
    (folder / "open").chmod(0o666)
    second = copied(folder, "second", PreviousCopy(first, files))
    assert (first / "pkg/run").samefile(second / "pkg/run")
    assert (first / "app.py").read_text() == "1"
    assert (second / "app.py").read_text() == "changed"
    assert (second / "open").stat().st_nlink == 1
    assert (second / "open").stat().st_mode & stat.S_IWGRP


def test_a_file_that_somebody_changed_in_an_earlier_copy_is_not_shared(folder: Path) -> None:
    first, files = copied(folder, "first"), read(folder).files
    (first / "pkg/run").chmod(0o700)
    (first / "pkg/run").write_text("bad")
    second = copied(folder, "second", PreviousCopy(first, files))
    assert (second / "pkg/run").read_text() == "2"


def test_a_change_meanwhile_leaves_nothing(folder: Path) -> None:
    tree = read(folder)
    (folder / "app.py").write_text("9")
    with pytest.raises(TransientError, match=r"app\.py was changed while it was copied"):
        make_copy(tree, folder.parent / "copy", (ACCOUNT, os.getegid()), None)
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]


def test_a_link_in_a_folder_s_place_shows_nothing_else(folder: Path) -> None:
    secret = folder.parent / "secret"
    secret.mkdir()
    (secret / "run").write_text("2")
    tree = read(folder)
    (folder / "pkg").rename(folder / "old")
    (folder / "pkg").symlink_to(secret)
    with pytest.raises(TransientError):
        make_copy(tree, folder.parent / "copy", (ACCOUNT, os.getegid()), None)


@pytest.mark.parametrize(
    ("mode", "copied_mode"), [(0o644, 0o440), (0o600, 0o440), (0o755, 0o550), (0o666, 0o460), (0o4755, 0o550)]
)
def test_its_program_reads_it_and_nobody_else(folder: Path, mode: int, copied_mode: int) -> None:
    (folder / "app.py").chmod(mode)
    status = (copied(folder, "copy") / "app.py").stat()
    assert stat.S_IMODE(status.st_mode) == copied_mode


@pytest.mark.parametrize(
    ("theirs", "mode", "can_write"), [(False, 0o755, False), (False, 0o777, True), (True, 0o755, True)]
)
def test_its_program_writes_where_it_could_in_the_folder(
    folder: Path, theirs: bool, mode: int, can_write: bool
) -> None:
    folder.chmod(mode)
    (folder / "pkg").chmod(mode)
    copy = copied(folder, "copy", owner=(os.geteuid() if theirs else ACCOUNT, os.getegid()))
    for path in (copy, copy / "pkg"):
        assert bool(path.stat().st_mode & stat.S_IWGRP) == can_write
