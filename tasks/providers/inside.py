"""A folder that is read and nothing around it, whatever its files are replaced by meanwhile."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

_PARENT_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""A pipe that came in a file's place is not waited for."""
_LINK_ERRORS = (errno.ELOOP, errno.ENOTDIR)


class Inside:
    """One folder, by its real path. Names start at it; no link is followed to what they name, nor on the way there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, folder: str) -> list[str]:
        """What is in a folder of it, in no order. Raises OSError, also for a folder that a link has replaced."""
        with self._opened(f"{folder}/." if folder else ".") as descriptor, os.scandir(descriptor) as entries:
            return [entry.name for entry in entries]

    def status(self, name: str) -> os.stat_result:
        """Of what has this name, a link itself. Raises OSError."""
        with self._opened(name) as folder:
            return os.stat(name.rpartition("/")[2], dir_fd=folder, follow_symlinks=False)

    def link(self, name: str) -> str:
        """The text of a link. Raises OSError."""
        with self._opened(name) as folder:
            return os.readlink(name.rpartition("/")[2], dir_fd=folder)

    def open(self, name: str, expected: os.stat_result) -> BufferedReader:
        """The content of a file that was `known` before. Raises OSError, also if another has replaced it."""
        with self._opened(name) as folder:
            descriptor = _open(name.rpartition("/")[2], _FILE_FLAGS, folder, name)
        status = os.fstat(descriptor)
        if not (stat.S_ISREG(status.st_mode) and os.path.samestat(status, expected)):
            os.close(descriptor)
            raise _replaced(name)
        return os.fdopen(descriptor, "rb")

    def linked(self, name: str) -> bytes:
        """The content of a file that may be reached through links. Raises OSError if they lead out of the folder."""
        descriptor = os.open(self._folder / name, _FILE_FLAGS & ~os.O_NOFOLLOW)
        try:
            if not Path(f"/proc/self/fd/{descriptor}").readlink().is_relative_to(self._folder):
                raise _replaced(name)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "it is no file", name)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(descriptor)

    @contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        """The folder that a name stands in."""
        descriptor = _open(self._folder, _PARENT_FLAGS, None, name)
        try:
            for part in name.split("/")[:-1]:
                below = _open(part, _PARENT_FLAGS, descriptor, name)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)


def _open(path: Path | str, flags: int, folder: int | None, name: str) -> int:
    try:
        return os.open(path, flags, dir_fd=folder)
    except OSError as error:
        if error.errno in _LINK_ERRORS:
            raise _replaced(name) from None
        raise


def _replaced(name: str) -> OSError:
    return OSError(errno.ESTALE, "it or a folder above it was replaced while it was read", name)
