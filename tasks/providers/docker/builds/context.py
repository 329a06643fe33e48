"""A build's context: the files that BuildKit is sent, and what says whether any of it has changed."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import IO

from infra_specs.builds.ignore import Ignored, Matched, read_ignore_file
from infra_specs.builds.private import private_names, warning
from infra_specs.errors import ProviderError
from tasks.providers.inside import Inside
from tasks.providers.seam.builds import BuildRequest


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, a folder or a link of a context: its name there, its status, its size and its link."""

    inside: Inside
    name: str
    status: os.stat_result
    size: int
    link: str

    @property
    def mode(self) -> int:
        """Its kind and permissions."""
        return self.status.st_mode

    @property
    def changed(self) -> int:
        """Its time in nanoseconds."""
        return self.status.st_mtime_ns

    def open(self) -> BufferedReader:
        """Its content. Raises OSError, also if another file, or a link, is in its place or above it by now."""
        return self.inside.open(self.name, self.status)


@dataclass(frozen=True, slots=True)
class Text:
    """A file that is nowhere but here."""

    name: str
    content: bytes
    mode: int = stat.S_IFREG | 0o644
    changed: int = 0
    link: str = ""

    @property
    def size(self) -> int:
        return len(self.content)

    def open(self) -> IO[bytes]:
        """Its content."""
        return BytesIO(self.content)


class Context:
    """The folder of a request. Raises ProviderError if it cannot be read or leads elsewhere, SpecError for a line of
    its `.dockerignore` that is no pattern."""

    def __init__(self, request: BuildRequest) -> None:
        self._request, self._root = request, Path(request.context)
        if not self._root.is_dir():
            raise ProviderError(
                f"the build of {request.service}: there is no folder {self._root}. `context` starts at the spec's own "
                "folder."
            )
        self._real = Path(os.path.realpath(self._root))
        self._inside = Inside(self._real)
        self.dockerfile = self._read_dockerfile()
        self._ignored = self._read_ignored()

    @cached_property
    def files(self) -> tuple[Entry, ...]:
        """What is sent, in the order in which BuildKit wants it."""
        return tuple(self._walk(self._root))

    @property
    def warning(self) -> str:
        """A sentence about files that are hardly meant, while no ignore file says that somebody thought of them."""
        if self._ignored is not None:
            return ""
        names = private_names((entry.name, stat.S_ISDIR(entry.mode)) for entry in self.files)
        return warning(self._request.service, self._request.context, names)

    def digest(self) -> str:
        """Over every name, kind, mode and content; times and owners are none of an image's content."""
        digest = hashlib.sha256()
        for entry in self.files:
            digest.update(json.dumps([entry.name, stat.S_IFMT(entry.mode), stat.S_IMODE(entry.mode)]).encode())
            if entry.link:
                digest.update(entry.link.encode())
            elif stat.S_ISREG(entry.mode):
                try:
                    with entry.open() as file:
                        digest.update(hashlib.file_digest(file, "sha256").digest())
                except OSError as error:
                    raise self._unreadable(entry.name, error) from error
        return digest.hexdigest()

    def _read_dockerfile(self) -> str:
        name = self._request.dockerfile
        self._refuse_elsewhere(name)
        try:
            return self._inside.linked(name).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ProviderError(
                f"the build of {self._request.service}: {self._root / name} cannot be read: {why}. "
                "`dockerfile` starts at the context."
            ) from None

    def _read_ignored(self) -> Ignored | None:
        """None without an ignore file. The Dockerfile's own counts before the folder's."""
        for name in (f"{self._request.dockerfile}.dockerignore", ".dockerignore"):
            self._refuse_elsewhere(name)
            try:
                return read_ignore_file(self._inside.linked(name), str(self._root / name))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._unreadable(name, error) from error
        return None

    def _walk(self, folder: Path, prefix: str = "", above: Matched = (), *, left_out: bool = False) -> Iterator[Entry]:
        """A folder before what it holds, names by their bytes. Sockets, pipes and devices stay where they are."""
        ignored = self._ignored or Ignored()
        for path in self._listed(folder, prefix, left_out=left_out):
            name = f"{prefix}{path.name}"
            out, matched = ignored.verdict(name, above)
            try:
                status = path.lstat()
            except OSError as error:
                raise self._unreadable(name, error) from error
            if not stat.S_ISDIR(status.st_mode):
                if not out and (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                    yield self._entry(path, name, status)
            elif not out:
                yield self._entry(path, name, status)
                yield from self._walk(path, f"{name}/", matched)
            elif ignored.may_keep_below(name):
                # It is there all the same for what of it is taken back.
                inside = self._walk(path, f"{name}/", matched, left_out=True)
                for first in inside:
                    yield from (self._entry(path, name, status), first)
                    yield from inside

    def _listed(self, folder: Path, prefix: str, *, left_out: bool) -> list[Path]:
        """What is in a folder; nothing of one that is left out and closed to this account."""
        try:
            return [folder / name for name in sorted(self._inside.names(prefix.rstrip("/")), key=os.fsencode)]
        except OSError as error:
            if left_out and isinstance(error, PermissionError):
                return []
            raise self._unreadable(prefix.rstrip("/"), error) from error

    def _entry(self, path: Path, name: str, status: os.stat_result) -> Entry:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise ProviderError(
                f"the build of {self._request.service}: the name {os.fsencode(path)!r} is not UTF-8. Rename it, or "
                "name it in .dockerignore."
            ) from None
        if not stat.S_ISLNK(status.st_mode):
            size = status.st_size if stat.S_ISREG(status.st_mode) else 0
            return Entry(self._inside, name, status, size, "")
        self._refuse_elsewhere(name)
        return Entry(self._inside, name, status, 0, str(path.readlink()))

    def _refuse_elsewhere(self, name: str) -> None:
        """What leads out of the folder, by itself or by another link on its way."""
        path = self._root / name
        absolute = path.is_symlink() and path.readlink().is_absolute()
        if absolute or not Path(os.path.realpath(path)).is_relative_to(self._real):
            leads = f"is a link to {path.readlink()}" if path.is_symlink() else "is reached through a link"
            raise ProviderError(
                f"the build of {self._request.service}: {path} {leads}, which leads out of the context. Put what is "
                "meant into the folder, or link to it there by a relative path. If the image does not need it, name "
                "it in .dockerignore."
            )

    def _unreadable(self, name: str, error: OSError) -> ProviderError:
        again, mend = "Run it again.", "Let this account read it, or name it in .dockerignore."
        return ProviderError(
            f"the build of {self._request.service}: {self._root / name} cannot be read: {error.strerror or error}. "
            f"{again if error.errno == errno.ESTALE else mend}"
        )
