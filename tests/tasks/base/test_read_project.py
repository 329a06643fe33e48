"""What is read of a person's project."""

from pathlib import Path

import pytest

from tasks.base.read_project import MOST_BYTES, read_project

pytestmark = pytest.mark.pure


def test_hidden_files_are_named_and_not_read_and_hidden_folders_are_left_out(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KEY=hunter2")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("")
    (tmp_path / "app.py").write_text("PORT")
    folder = read_project(tmp_path)
    assert folder.paths == {".env", "app.py"}
    assert folder.texts == {"app.py": "PORT"}


def test_what_is_no_text_or_too_large_has_a_path_alone(tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes(b"# \xe9t\xe9")
    (tmp_path / "huge.py").write_text("#" * (MOST_BYTES + 1))
    folder = read_project(tmp_path)
    assert folder.paths == {"latin.py", "huge.py"}
    assert folder.texts == {}
