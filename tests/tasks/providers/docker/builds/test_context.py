"""What of a folder is part of an image, and what is none of it."""

import os
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from infra_specs.errors import ProviderError, SpecError
from tasks.providers.docker.buildkit.sending import Sending, Unreadable
from tasks.providers.docker.buildkit.wire import field
from tasks.providers.docker.builds.context import Context
from tasks.providers.inside import Inside
from tasks.providers.seam.builds import BuildRequest


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


def order(folder: Path, dockerfile: str = "Dockerfile") -> BuildRequest:
    return BuildRequest("shop", "web", str(folder), dockerfile, None, {})


def digest(folder: Path) -> str:
    return Context(order(folder)).digest()


def names(folder: Path, dockerfile: str = "Dockerfile") -> list[str]:
    return [entry.name for entry in Context(order(folder, dockerfile)).files]


def test_what_is_ignored_is_not_sent(folder: Path) -> None:
    assert names(folder) == [".dockerignore", "Dockerfile", "README.md", "link", "src", "src/app.py"]
    (folder / ".dockerignore").write_bytes(b"\xef\xbb\xbf.dockerignore\r\nDockerfile\r\n*.md\r\nlogs\r\n")
    assert names(folder) == ["link", "src", "src/app.py"], "the Dockerfile is sent apart"


def test_the_dockerfiles_own_ignore_file_counts_before_the_folders(folder: Path) -> None:
    (folder / "docker").mkdir()
    (folder / "docker" / "web").write_text("FROM scratch\n")
    (folder / "docker" / "web.dockerignore").write_text("*\n!src\n")
    assert names(folder, "docker/web") == ["src", "src/app.py"]
    (folder / "docker" / "web.dockerignore").write_text("")
    assert "TODO.md" in names(folder, "docker/web"), "an empty one, too"


def test_a_folder_that_is_left_out_is_there_for_what_is_taken_back(folder: Path) -> None:
    (folder / "docs" / "deep").mkdir(parents=True)
    (folder / "docs" / "deep" / "kept.md").write_text("x")
    (folder / "docs" / "other").write_text("x")
    (folder / "docs" / "none").mkdir()
    (folder / ".dockerignore").write_text("*\n!**/*.md\n")
    assert names(folder) == ["README.md", "TODO.md", "docs", "docs/deep", "docs/deep/kept.md"]


def test_it_comes_in_buildkits_order(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    for name in ("a.txt", "a/z", "a-b", "B", "é"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert names(tmp_path) == ["B", "Dockerfile", "a", "a/z", "a-b", "a.txt", "é"]


def test_sockets_and_pipes_stay_where_they_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = names(folder), digest(folder)
    monkeypatch.chdir(folder)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert (names(folder), digest(folder)) == before


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("out", "../secret"), ("out", "/etc/passwd"), ("src/out", "../../secret"), ("out", "src/../../secret"),
        ("out", ".."), ("out", "{folder}/src"), ("via", "up/secret"), ("out", "../nowhere"),
    ],
)  # fmt: skip
def test_a_link_that_leads_out_is_refused(folder: Path, tmp_path: Path, name: str, to: str) -> None:
    (tmp_path.parent / "secret").write_text("x")
    if name == "via":
        (folder / "src" / "up").symlink_to("..")
        (folder / "up").symlink_to("src/up/..")
    (folder / name).symlink_to(to.format(folder=folder))
    with pytest.raises(
        ProviderError, match=r"is a link to .*, which leads out of the context\. Put what is meant into"
    ):
        names(folder)
    (folder / ".dockerignore").write_text(f"{name}\nup\n")
    assert name not in names(folder)


@pytest.mark.parametrize("to", ["README.md", "src/../README.md", "nowhere", "src", "link"])
def test_a_link_within_stays_a_link(folder: Path, to: str) -> None:
    (folder / "own").symlink_to(to)
    (entry,) = (entry for entry in Context(order(folder)).files if entry.name == "own")
    assert entry.link == to


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore", "Dockerfile.dockerignore"])
def test_neither_dockerfile_nor_ignore_file_lie_elsewhere(folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "elsewhere").write_text("FROM scratch\n")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to("../elsewhere")
    with pytest.raises(ProviderError, match=rf"{name} is a link to \.\./elsewhere, which leads out"):
        names(folder)
    (folder / name).unlink()
    (folder / "real").write_text("FROM scratch\n")
    (folder / name).symlink_to("real")
    if name != "Dockerfile":
        (folder / "real").write_text("*.md\n")
    assert "real" in names(folder)


def test_what_this_account_may_not_read_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refusing(path: str, *how: Any, **named: Any) -> int:
        if Path(path).name in ("app.py", "closed"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *how, **named)

    monkeypatch.setattr(os, "open", refusing)
    with pytest.raises(
        ProviderError, match=r"/src/app\.py cannot be read: Permission denied\. Let this account read it"
    ):
        digest(folder)
    (folder / "closed").mkdir()
    with pytest.raises(ProviderError, match=r"/closed cannot be read: Permission denied\. Let this account read it"):
        names(folder)
    (folder / ".dockerignore").write_text("*\n!**/*.md\n")
    assert names(folder) == ["README.md", "TODO.md"], "nobody asked for it"


def test_a_name_that_is_no_text_is_said(folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9")).write_text("x")
    with pytest.raises(ProviderError, match=r"is not UTF-8\. Rename it, or name it in \.dockerignore"):
        names(folder)
    (folder / ".dockerignore").write_bytes(b"caf\xe9\n")
    assert "src" in names(folder)


def test_a_line_that_is_no_pattern_is_named_with_its_file(folder: Path) -> None:
    (folder / ".dockerignore").write_text("logs\n[a\n")
    with pytest.raises(SpecError, match=r"/\.dockerignore, line 2: `\[a` is no pattern: a \[ has no \]"):
        names(folder)


def test_files_that_are_hardly_meant_are_named_once_nobody_thought_of_them(folder: Path) -> None:
    (folder / ".env").write_text("x")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    (folder / "src" / "id_rsa").write_text("x")
    assert Context(order(folder)).warning == "", "there is an ignore file"
    (folder / ".dockerignore").unlink()
    assert Context(order(folder)).warning.startswith(
        f"web: {folder} has no .dockerignore, so its build can copy these into the image: .env, .git, src/id_rsa. Name"
    )
    assert ".env" in names(folder), "it is built all the same"


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


def replaced_by_a_link(place: Path, to: Path) -> None:
    place.rename(place.with_name(f"{place.name} before"))
    place.symlink_to(to)


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like the context's own, with a secret."""
    made = tmp_path_factory.mktemp("elsewhere")
    (made / "app.py").write_text("a secret")
    (made / "id_rsa").write_text("a secret")
    return made


@pytest.mark.parametrize(("place", "to"), [("src/app.py", "id_rsa"), ("src", ".")])
def test_what_a_link_replaces_after_the_walk_is_not_read(folder: Path, elsewhere: Path, place: str, to: str) -> None:
    context = Context(order(folder))
    (entry,) = (entry for entry in context.files if entry.name == "src/app.py")
    replaced_by_a_link(folder / place, elsewhere / to)
    with pytest.raises(OSError, match="it or a folder above it was replaced while it was read"):
        entry.open()
    sending = Sending(iter([entry]))
    while sending.next() is not None:
        pass
    sending.heard(field(1, 1))
    with pytest.raises(Unreadable, match=r"^src/app\.py cannot be read: it or a folder above it was replaced while"):
        sending.next()
    with pytest.raises(ProviderError, match=r"/src/app\.py cannot be read: it or a folder above it was replaced"):
        context.digest()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: Path(path).write_text("print(2)")])
def test_nor_is_anything_else_that_came_in_its_place(folder: Path, make: Callable[[str], Any]) -> None:
    (entry,) = (entry for entry in Context(order(folder)).files if entry.name == "src/app.py")
    (folder / "src" / "app.py").rename(folder / "kept")
    make(str(folder / "src" / "app.py"))
    with pytest.raises(OSError, match="was replaced while it was read"):
        entry.open()


def test_a_hard_link_to_another_file_is_another_file(folder: Path, elsewhere: Path) -> None:
    (entry,) = (entry for entry in Context(order(folder)).files if entry.name == "src/app.py")
    (folder / "src" / "app.py").unlink()
    (folder / "src" / "app.py").hardlink_to(elsewhere / "id_rsa")
    with pytest.raises(OSError, match="was replaced while it was read"):
        entry.open()


def test_a_folder_that_a_link_replaces_during_the_walk_is_not_listed(
    folder: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Inside.names

    def names_of(inside: Inside, name: str) -> list[str]:
        if name == "src":
            replaced_by_a_link(folder / "src", elsewhere)
        return real(inside, name)

    monkeypatch.setattr(Inside, "names", names_of)
    with pytest.raises(ProviderError, match=r"/src cannot be read: it or a folder above it was replaced"):
        names(folder)


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore"])
def test_nor_is_a_dockerfile_read_that_a_link_replaces(
    folder: Path, elsewhere: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Inside.linked

    def linked(inside: Inside, asked: str) -> bytes:
        if asked == name:
            replaced_by_a_link(folder / name, elsewhere / "id_rsa")
        return real(inside, asked)

    monkeypatch.setattr(Inside, "linked", linked)
    with pytest.raises(ProviderError, match=rf"/{name} cannot be read: it or a folder above it was replaced"):
        names(folder)


def test_no_descriptor_is_left_open(folder: Path, elsewhere: Path) -> None:
    context = Context(order(folder))
    entries = [entry for entry in context.files if stat.S_ISREG(entry.mode)]
    before = len(list(Path("/proc/self/fd").iterdir()))
    replaced_by_a_link(folder / "src", elsewhere)
    for entry in entries:
        with suppress(OSError), entry.open():
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
