"""What of a folder is part of an image, and what is none of it."""

import os
import tarfile
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.base import BuildOrder
from tasks.providers.docker.context import Context


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / ".dockerignore").write_text("# notes\n*.md\n!README.md\nlogs/\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("print(1)")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").write_text("x")
    (tmp_path / "TODO.md").write_text("x")
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "link").symlink_to("src/app.py")
    return tmp_path


def order(folder: Path, dockerfile: str = "Dockerfile") -> BuildOrder:
    return BuildOrder("shop", "web", str(folder), dockerfile, None, {})


def digest(folder: Path) -> str:
    return Context(order(folder)).digest()


def test_what_is_ignored_is_not_sent(folder: Path) -> None:
    context = Context(order(folder))
    for text in (context.dockerfile, "FROM elsewhere\n"):
        with context.packed(text) as packed, tarfile.open(fileobj=packed) as tar:
            assert sorted(tar.getnames()) == [".dockerignore", "Dockerfile", "README.md", "link", "src", "src/app.py"]
            sent = tar.extractfile("Dockerfile")
            assert sent
            assert sent.read() == text.encode()


def test_what_is_ignored_and_what_is_older_changes_nothing(folder: Path) -> None:
    before = digest(folder)
    (folder / "TODO.md").write_text("y")
    (folder / "logs" / "b.log").write_text("y")
    os.utime(folder / "src" / "app.py", (1, 1))
    assert digest(folder) == before


def test_everything_else_does(folder: Path) -> None:
    seen = {digest(folder)}
    (folder / "src" / "app.py").write_text("print(2)")
    seen.add(digest(folder))
    (folder / "src" / "app.py").chmod(0o755)
    seen.add(digest(folder))
    (folder / "link").unlink()
    (folder / "link").symlink_to("README.md")
    seen.add(digest(folder))
    (folder / "src" / "app.py").rename(folder / "src" / "main.py")
    seen.add(digest(folder))
    (folder / "empty").mkdir()
    seen.add(digest(folder))
    assert len(seen) == 6


def test_what_is_not_there_is_said(folder: Path) -> None:
    with pytest.raises(ProviderError, match=r"there is no folder .*/nowhere\. `context` starts at the spec"):
        Context(order(folder / "nowhere"))
    with pytest.raises(ProviderError, match=r"/Containerfile cannot be read: No such file or directory\. `docker"):
        Context(order(folder, "Containerfile"))
