"""What of a folder is code, what stays where it is, and what tells a change."""

import os
import socket
import sqlite3
from pathlib import Path

import pytest

from tasks.providers.local.code import tree as trees
from tasks.providers.local.code.tree import TooLargeError, Tree, list_tree, read_tree

pytestmark = pytest.mark.pure


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        write(folder / name, text)


def write(path: Path, text: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def read(folder: Path) -> Tree:
    return read_tree(folder, folder / "home", {})


def names(tree: Tree) -> set[str]:
    return {entry.name for entry in tree.entries}


def test_all_that_nobody_leaves_out_is_code(tmp_path: Path) -> None:
    for name in ("app.py", "pkg/a.py", "pkg/deep/b.txt", ".env.example", "Dockerfile"):
        write(tmp_path / name)
    (tmp_path / "link").symlink_to("pkg/a.py")
    tree = read(tmp_path)
    assert names(tree) == {
        "app.py", "pkg", "pkg/a.py", "pkg/deep", "pkg/deep/b.txt", ".env.example", "Dockerfile", "link",
    }  # fmt: skip
    assert tree.left_out == ()


def test_what_is_ignored_stays_where_it_is(tmp_path: Path) -> None:
    for name in ("app.py", "media/a.png", "logs/x.log", "docs/a.md", "docs/keep.md", "sub/x.tmp", "sub/y", "z.tmp"):
        write(tmp_path / name)
    write(tmp_path / ".gitignore", "media/\n*.log\n")
    write(tmp_path / "sub/.gitignore", "*.tmp\n")
    write(tmp_path / ".dockerignore", "docs\n!docs/keep.md\n")
    tree = read(tmp_path)
    assert set(tree.left_out) == {"media", "logs/x.log", "docs/a.md", "sub/x.tmp"}
    assert {"app.py", "docs/keep.md", "sub/y", "z.tmp"} < names(tree)


def test_the_repository_above_is_asked_too(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path / ".gitignore", "*.secret\n/services/web/out\n/app.py\n")
    write(tmp_path / "services/.gitignore", "web/tmp\n")
    for name in ("app.py", "a.secret", "out/x", "tmp/x", "deep/out/x"):
        write(tmp_path / "services/web" / name)
    tree = read(tmp_path / "services/web")
    assert set(tree.left_out) == {"a.secret", "out", "tmp"}
    assert {"app.py", "deep/out/x"} < names(tree)


def test_what_programs_write_is_no_code(tmp_path: Path) -> None:
    for name in ("app.py", "__pycache__/app.cpython-311.pyc", "old.pyc", ".git/HEAD", "home/ledger.db", "a-wal"):
        write(tmp_path / name)
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(tmp_path, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/s.sock")
        os.close(here)
        tree = read(tmp_path)
    assert names(tree) == {"app.py", "a-wal"}
    assert tree.left_out == ()


def test_a_database_beside_the_code_stays_where_it_is(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data.bin") as database:
        database.execute("CREATE TABLE a (b)")
    database.close()
    put(tmp_path, **{"data.bin-wal": "x", "data.bin-shm": "x", "data.bin-journal": "x", "app.py": "x"})
    tree = read(tmp_path)
    assert names(tree) == {"app.py"}
    assert tree.left_out == ("data.bin",)


def test_a_virtual_environment_stays_where_its_scripts_say(tmp_path: Path) -> None:
    write(tmp_path / "venv/pyvenv.cfg", "home = /usr/bin\n")
    write(tmp_path / "venv/bin/gunicorn", f"#!{tmp_path}/venv/bin/python\n")
    write(tmp_path / "node_modules/left/index.js")
    tree = read(tmp_path)
    assert tree.left_out == ("venv",)
    assert "node_modules/left/index.js" in names(tree)


@pytest.mark.parametrize("change", ["content", "mode", "name", "link", "new", "gone", "folder"])
def test_each_change_is_another_digest(tmp_path: Path, change: str) -> None:
    put(tmp_path, **{"a": "1", "b": "2"})
    (tmp_path / "c").symlink_to("a")
    before = read(tmp_path).digest
    assert read(tmp_path).digest == before
    match change:
        case "content":
            write(tmp_path / "a", "2")
        case "mode":
            (tmp_path / "a").chmod(0o755)
        case "name":
            (tmp_path / "a").rename(tmp_path / "d")
        case "link":
            (tmp_path / "c").unlink()
            (tmp_path / "c").symlink_to("b")
        case "new":
            write(tmp_path / "d")
        case "gone":
            (tmp_path / "b").unlink()
        case "folder":
            (tmp_path / "d").mkdir()
    assert read(tmp_path).digest != before


def test_times_are_none_and_a_known_file_is_not_read_again(tmp_path: Path) -> None:
    put(tmp_path, a="1")
    tree = read(tmp_path)
    os.utime(tmp_path / "a", (1, 1))
    assert read(tmp_path).digest == tree.digest
    known = {name: (mark, "told") for name, (mark, _) in read(tmp_path).files.items()}
    assert read_tree(tmp_path, tmp_path / "home", known).files["a"][1] == "told"
    write(tmp_path / "a", "2")
    assert read_tree(tmp_path, tmp_path / "home", known).files["a"][1] != "told"


def test_a_folder_with_too_much_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, a="1", b="2", c="3")
    monkeypatch.setattr(trees, "MOST_FILES", 2)
    with pytest.raises(TooLargeError):
        read(tmp_path)
    monkeypatch.setattr(trees, "MOST_FILES", 3)
    monkeypatch.setattr(trees, "MOST_BYTES", 2)
    with pytest.raises(TooLargeError):
        read(tmp_path)


def test_of_a_folder_with_too_much_no_file_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, a="1", b="2", c="3")
    opened = list[str]()
    monkeypatch.setattr(trees, "MOST_FILES", 2)
    monkeypatch.setattr("hashlib.file_digest", lambda *_: opened.append("one"))
    with pytest.raises(TooLargeError):
        read(tmp_path)
    assert opened == []


def test_a_list_opens_no_file_and_changes_with_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, a="1", b="2")
    kept = read(tmp_path)
    monkeypatch.setattr("hashlib.file_digest", None)
    listed = list_tree(tmp_path, tmp_path / "home")
    assert names(listed) == names(kept)
    assert listed.digest == list_tree(tmp_path, tmp_path / "home").digest != kept.digest
    write(tmp_path / "a", "11")
    assert list_tree(tmp_path, tmp_path / "home").digest != listed.digest


def test_the_log_of_a_database_is_no_code_wherever_the_rules_have_it(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data.db") as database:
        database.execute("CREATE TABLE a (b)")
    database.close()
    put(tmp_path, **{"data.db-wal": "x", ".gitignore": "*-wal\n"})
    assert read(tmp_path).left_out == ("data.db",)
