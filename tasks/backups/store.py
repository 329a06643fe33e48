"""Where backups are kept: files by key, whole or not there at all.

`STACK/BACKUP/…` are the files of one backup. All are encrypted, so who has the key reads a store without anything else.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from infra_specs.errors import BackupFault, DiskFull, ProviderError
from tasks.base.disk import is_full

_DRAFT = ".part"
"""The end of the name of a file that is being written."""


class Store(Protocol):
    """Every call blocks. Raises ProviderError for a store that refuses, and TransientError for one that is away."""

    def writing(self, key: str) -> AbstractContextManager[BinaryIO]:
        """A file to write into. It is there, in place of an earlier one, once the block has ended without an error."""

    def reading(self, key: str) -> AbstractContextManager[BinaryIO]:
        """A file to read from. Raises BackupFault if it is not there."""

    def files(self, prefix: str) -> Mapping[str, int]:
        """All files below `prefix`, sorted by key, with their bytes."""

    def remove(self, key: str) -> None:
        """Remove a file. Gone already: success."""

    def sweep(self, prefix: str) -> None:
        """Remove what killed writers left below `prefix`. Nobody else may write there meanwhile."""


class FolderStore:
    """A folder, for its owner alone."""

    def __init__(self, root: Path, *, is_ours: bool = True) -> None:
        """`is_ours`: it is made when it is missing. Any other must be there: its disk may not be mounted."""
        self._root, self._is_ours = root, is_ours

    @contextmanager
    def writing(self, key: str) -> Iterator[BinaryIO]:
        path = self._root / key
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = path.with_name(f"{path.name}{_DRAFT}")
            draft.unlink(missing_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(handle, "wb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                draft.rename(path)
            finally:
                draft.unlink(missing_ok=True)
            _sync(path.parent)

    @contextmanager
    def reading(self, key: str) -> Iterator[BinaryIO]:
        with self._explained():
            try:
                file = (self._root / key).open("rb")
            except FileNotFoundError:
                raise BackupFault(f"{key} is not in its store") from None
            with file:
                yield file

    def files(self, prefix: str) -> Mapping[str, int]:
        with self._explained():
            sizes = ((path, _size(path)) for path in self._paths(prefix) if not path.name.endswith(_DRAFT))
            return dict(sorted((str(path.relative_to(self._root)), size) for path, size in sizes if size is not None))

    def remove(self, key: str) -> None:
        path = self._root / key
        with self._explained():
            path.unlink(missing_ok=True)
            _remove_empty(path.parent)

    def sweep(self, prefix: str) -> None:
        with self._explained():
            for path in [path for path in self._paths(prefix) if path.name.endswith(_DRAFT)]:
                path.unlink(missing_ok=True)
                _remove_empty(path.parent)

    def _paths(self, prefix: str) -> Iterator[Path]:
        """Whatever is below `prefix` and is no folder. Raises OSError for a folder that cannot be read."""
        for folder, _, names in os.walk(self._root / prefix, onerror=_refuse):
            yield from (Path(folder) / name for name in names)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            if not self._is_ours and not self._root.is_dir():
                raise ProviderError(
                    f"the folder of backups {self._root} is not there: make it, or mount the disk that it belongs to"
                )
            yield
        except OSError as error:
            if is_full(error):
                raise DiskFull(f"The disk of {self._root} is full: the backup was not written. Make room.") from error
            raise ProviderError(f"the folder of backups {self._root} refuses: {error.strerror or error}") from error


def _refuse(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # else it was removed meanwhile, or nothing was written yet
        raise error


def _size(path: Path) -> int | None:
    """The bytes of a file; None for what is none, or is gone."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # something else is in it
        folder.rmdir()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
