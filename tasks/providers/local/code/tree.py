"""What of a folder is code: its files by name, each with what tells a change of it."""

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from infra_specs.builds.gitignore import GitIgnored
from infra_specs.builds.ignore import Ignored, Matched, read_ignore_file
from infra_specs.errors import SpecError
from tasks.providers.inside import Inside

MOST_FILES = 50_000
MOST_BYTES = 2 * 2**30
"""What a folder may hold, left out things aside, to be copied."""
_WRITTEN_NAMES = frozenset({
    "__pycache__", ".git", ".hg", ".svn", ".DS_Store", ".pytest_cache", ".mypy_cache", ".ruff_cache",
})  # fmt: skip
_WRITTEN_ENDINGS = (".pyc", ".pyo")
"""What programs and tools write by themselves: no copy has it, nor a link to it."""
_SQLITE, _SQLITE_BESIDE = b"SQLite format 3\0", ("-wal", "-shm", "-journal")
_DIGITS = 16
_CHUNK = 2**20


class TooLargeError(Exception):
    """It holds more than is copied."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, a folder or a link. `content` is the hash of a file, and the text of a link."""

    name: str
    kind: Literal["file", "folder", "link"]
    status: os.stat_result = field(compare=False)
    content: str = ""

    @property
    def is_writable(self) -> bool:
        """Whether everybody may write to it: the program, too."""
        return bool(self.status.st_mode & stat.S_IWOTH) and self.kind != "link"

    @property
    def identity(self) -> list[object]:
        """What makes it another one."""
        runs = bool(self.status.st_mode & stat.S_IXUSR) and self.kind == "file"
        return [self.name, self.kind, runs, self.is_writable, self.content]


Known = Mapping[str, tuple[tuple[int, ...], str]]
"""Name -> what told a file from others when it was read last, and its hash."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder's code, and the names of what is left out and stays where it is."""

    folder: Path
    entries: tuple[Entry, ...]
    left_out: tuple[str, ...]

    @property
    def digest(self) -> str:
        """16 digits over the folder's path, and each name, kind and content."""
        lines = json.dumps([str(self.folder), [entry.identity for entry in self.entries]])
        return hashlib.sha256(lines.encode(errors="surrogateescape")).hexdigest()[:_DIGITS]

    @property
    def files(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Name -> what tells each file from others, and its hash."""
        return {entry.name: (mark_of(entry.status), entry.content) for entry in self.entries if entry.kind == "file"}


def mark_of(status: os.stat_result) -> tuple[int, ...]:
    """What tells an unchanged file: it is the same file, with the same size and times."""
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def read_tree(folder: Path, closed: Path, known: Known) -> Tree:
    """The code in a folder; nothing of `closed` is looked at. Raises TooLargeError; OSError where it is no folder."""
    return _Reader(folder, closed, known).read()


def list_tree(folder: Path, closed: Path) -> Tree:
    """The same without opening a file: in place of its hash a file has what tells a change of it."""
    return _Reader(folder, closed, {}).list()


class _Reader:
    """Reads one folder, once."""

    def __init__(self, folder: Path, closed: Path, known: Known) -> None:
        self._folder, self._known = folder, known
        self._real = Path(os.path.realpath(folder))
        self._closed = os.path.realpath(closed)
        self._inside = Inside(self._real)
        self._docker = self._docker_ignored()
        self._repository = _repository_of(self._real)
        self._left_out: list[str] = []
        self._beside_databases = set[str]()
        self._files = self._bytes = 0

    def read(self) -> Tree:
        entries = tuple(self._walk("", self._git_above(), ()))  # all of them first: of too many none is opened
        kept = tuple(self._with_contents(entries))
        return Tree(self._folder, kept, tuple(name for name in self._left_out if name not in self._beside_databases))

    def list(self) -> Tree:
        entries = (
            replace(entry, content=str(mark_of(entry.status))) if entry.kind == "file" else entry
            for entry in self._walk("", self._git_above(), ())
        )
        return Tree(self._folder, tuple(entries), tuple(self._left_out))

    def _walk(self, prefix: str, above: GitIgnored, matched: Matched) -> Iterator[Entry]:
        names = sorted(self._inside.names(prefix.removesuffix("/")), key=os.fsencode)
        git = above.with_file(self._text(f"{prefix}.gitignore"), self._in_git(prefix))
        for name in names:
            path = prefix + name
            status = self._inside.status(path)
            if _is_written(name, status) or str(self._real / path) == self._closed:
                continue
            is_folder = stat.S_ISDIR(status.st_mode)
            out, below = self._docker.verdict(path, matched)
            in_part = out and is_folder and self._docker.may_keep_below(path)
            if git.ignores(self._in_git(path), is_folder=is_folder) or (out and not in_part):
                self._left_out.append(path)
            elif is_folder:
                yield from self._folder_of(path, status, git, below)
            else:
                self._count(status.st_size)
                is_link = stat.S_ISLNK(status.st_mode)
                yield Entry(path, "link", status, self._inside.link(path)) if is_link else Entry(path, "file", status)

    def _folder_of(self, path: str, status: os.stat_result, git: GitIgnored, matched: Matched) -> Iterator[Entry]:
        """A virtual environment names its own place in its scripts, so it stays there, as what we may not read does."""
        try:
            stays = "pyvenv.cfg" in self._inside.names(path)
        except PermissionError:
            stays = True
        if stays:
            self._left_out.append(path)
            return
        self._count(0)
        yield Entry(path, "folder", status)
        yield from self._walk(f"{path}/", git, matched)

    def _with_contents(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries, files with the hash of their content; databases are left out."""
        for entry in entries:
            if entry.name in self._beside_databases:
                continue
            content = self._content(entry) if entry.kind == "file" else entry.content
            if content is None:
                self._left_out.append(entry.name)
                self._beside_databases |= {entry.name + ending for ending in _SQLITE_BESIDE}
            else:
                yield replace(entry, content=content)

    def _content(self, entry: Entry) -> str | None:
        """The hash of a file. None for a database of the program's, and for what we may not read: both stay there."""
        mark, content = self._known.get(entry.name, ((), ""))
        if mark == mark_of(entry.status):
            return content
        try:
            with self._inside.open(entry.name, entry.status) as file:
                if file.peek(len(_SQLITE))[: len(_SQLITE)] == _SQLITE:
                    return None
                return hashlib.file_digest(file, "sha256").hexdigest()
        except PermissionError:
            return None

    def _count(self, size: int) -> None:
        self._files, self._bytes = self._files + 1, self._bytes + size
        if self._files > MOST_FILES or self._bytes > MOST_BYTES:
            raise TooLargeError

    def _text(self, path: str) -> bytes:
        try:
            with self._inside.open(path, self._inside.status(path)) as file:
                return file.read(_CHUNK)
        except OSError:
            return b""

    def _docker_ignored(self) -> Ignored:
        try:
            return read_ignore_file(self._text(".dockerignore"), ".dockerignore")
        except SpecError:
            return Ignored()

    def _in_git(self, path: str) -> str:
        """A path of the folder, from its repository on."""
        return f"{self._real.relative_to(self._repository).as_posix()}/{path}".removeprefix("./")

    def _git_above(self) -> GitIgnored:
        """The rules of the repository's folders above this one."""
        git = GitIgnored()
        for parent in reversed(self._real.parents):
            if parent.is_relative_to(self._repository):
                base = f"{parent.relative_to(self._repository).as_posix()}/".removeprefix("./")
                git = git.with_file(_file_text(parent / ".gitignore"), base)
        return git


def _repository_of(folder: Path) -> Path:
    """The folder of the Git repository that it lies in, or itself."""
    return next((path for path in (folder, *folder.parents) if (path / ".git").exists()), folder)


def _file_text(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_CHUNK)
    except OSError:
        return b""


def _is_written(name: str, status: os.stat_result) -> bool:
    """Whether it is what programs write by themselves, or neither a file nor a folder nor a link."""
    kinds = (stat.S_ISREG, stat.S_ISDIR, stat.S_ISLNK)
    return (
        name in _WRITTEN_NAMES
        or name.endswith(_WRITTEN_ENDINGS)
        or not any(is_kind(status.st_mode) for is_kind in kinds)
    )
