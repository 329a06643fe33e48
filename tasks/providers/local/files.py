"""Files and folders with exact modes, changed only by atomic rename."""

import contextlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra_specs.errors import ProviderError
from tasks.base.atomic_write import Owner, replace_file


def make_folder(path: Path, mode: int = 0o700, owner: Owner | None = None) -> Path:
    """The folder with exactly this mode and owner; FileNotFoundError if the one above it is missing."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode)
    status = path.stat()
    if status.st_mode & 0o777 != mode:
        path.chmod(mode)
    if owner and (status.st_uid, status.st_gid) != owner:
        os.chown(path, *owner)
    return path


def write_file(path: Path, text: str, mode: int = 0o600, owner: Owner | None = None) -> bool:
    """Replace a file by rename, so that a reader sees the old or the new one. True if it changed."""
    if read_file(path) == text and _is_as(path, mode, owner):
        return False
    replace_file(path, text.encode(), mode=mode, owner=owner)
    return True


def write_json(path: Path, data: Any, mode: int = 0o600, owner: Owner | None = None) -> bool:
    """As `write_file`, of plain data; equal data gives equal bytes."""
    return write_file(path, json.dumps(data, sort_keys=True, indent=1), mode, owner)


def files_of(folder: Path, name: str) -> Iterator[Path]:
    """Every file `NAME.*` of a folder, and the drafts of writers that were killed before their rename."""
    yield from folder.glob(f"{name}.*")
    yield from folder.glob(f".{name}.*.tmp")


def remove_any(path: Path) -> None:
    """Remove whatever is there: a file, a link, or a folder with all in it. Nothing there: success."""
    try:
        path.unlink(missing_ok=True)
    except (IsADirectoryError, PermissionError):  # the second is macOS's word for a folder
        shutil.rmtree(path)


def read_file(path: Path) -> str | None:
    """Its text; None if it is not there."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_json(path: Path) -> Any:
    """Its data; None if it is not there. Raises ProviderError for what is no JSON."""
    try:
        text = read_file(path)
        return None if text is None else json.loads(text)
    except ValueError as error:
        raise ProviderError(f"the file {path} is broken: {error}. Put back a copy of it, or remove it.") from error


def remove_tree(path: Path) -> None:
    """Remove a folder so that a crash in the middle leaves no half of it under its own name, nor the rest for long."""
    with contextlib.suppress(FileNotFoundError):
        path.rename(path.with_name(f".gone-{secrets.token_hex(8)}"))
    for doomed in path.parent.glob(".gone-*"):
        shutil.rmtree(doomed, ignore_errors=True)


def give(folder: Path, owner: Owner) -> None:
    """Make a folder its new owner's, with all in it: what somebody else made there since the last time, too.

    The folder itself comes last, so that one that was killed is done to its end by the next. Nothing follows a link. A
    file with a name outside of the folder stays as it is: its owner may have put another's file there (a hard link).
    """
    names: dict[tuple[int, int], int] = {}
    for _, folders, files, handle in os.fwalk(folder):
        for name in (*folders, *files):
            status = os.stat(name, dir_fd=handle, follow_symlinks=False)
            if status.st_uid == owner[0]:
                continue
            inode = status.st_dev, status.st_ino
            names[inode] = names.get(inode, 0) + 1
            if stat.S_ISDIR(status.st_mode) or names[inode] == status.st_nlink:
                os.chown(name, *owner, dir_fd=handle, follow_symlinks=False)
    if folder.stat().st_uid != owner[0]:
        os.chown(folder, *owner)


def _is_as(path: Path, mode: int, owner: Owner | None) -> bool:
    status = path.stat()
    return status.st_mode & 0o777 == mode and owner in (None, (status.st_uid, status.st_gid))
