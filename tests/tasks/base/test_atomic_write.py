"""A file is whole from the moment that it has its name, whoever is killed and whoever writes beside."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.base.atomic_write import draft_of, make_once, replace_file, unique_draft

pytestmark = pytest.mark.pure


class Killed(BaseException):
    """Nobody who catches errors catches this."""


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever renames or links is killed before."""

    def kill(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(Path, "rename", kill)
    monkeypatch.setattr(Path, "hardlink_to", kill)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640])
def test_the_mode_is_exact_whatever_the_umask(tmp_path: Path, mode: int) -> None:
    before = os.umask(0o027)
    try:
        replace_file(tmp_path / "file", b"new", mode=mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_is_the_one_that_is_named(tmp_path: Path) -> None:
    replace_file(tmp_path / "file", b"new", owner=(65534, 65534))
    status = (tmp_path / "file").stat()
    assert (status.st_uid, status.st_gid) == (65534, 65534)


def test_a_kill_leaves_the_old_content_and_the_next_writer_is_not_hindered(tmp_path: Path, killed: None) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(Killed):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    draft_of(path).chmod(0o000)
    with pytest.raises(Killed):
        replace_file(path, b"newer")
    assert draft_of(path).read_bytes() == b"newer"


def test_a_link_in_the_drafts_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    draft_of(tmp_path / "file").symlink_to(tmp_path / "other")
    replace_file(tmp_path / "file", b"new")
    assert (tmp_path / "other").read_bytes() == b"other"


def test_many_writers_with_drafts_of_their_own_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([number]) * 100_000 for number in range(16)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda data: replace_file(path, data, draft=unique_draft(path)), contents))
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_made_once_is_made_by_one(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda number: make_once(path, b"%d" % number), range(16)))
    assert made.count(True) == 1
    assert path.read_bytes() == b"%d" % made.index(True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_who_is_killed_while_making_has_made_nothing(tmp_path: Path, killed: None) -> None:
    with pytest.raises(Killed):
        make_once(tmp_path / "key", b"key")
    assert list(tmp_path.iterdir()) == []
