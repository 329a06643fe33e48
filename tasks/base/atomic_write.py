"""Files that are whole as soon as they have their name: whoever reads, or comes after a kill, sees no half."""

import os
from pathlib import Path

Owner = tuple[int, int]
"""The numbers of an account and of a group."""


def draft_of(path: Path) -> Path:
    """Where the next content of a file is written before it is renamed."""
    return path.with_name(f".{path.name}.tmp")


def replace_file(
    path: Path, data: bytes, *, mode: int = 0o600, owner: Owner | None = None, draft: Path | None = None
) -> None:
    """Put this content in the file's place, with exactly this mode and owner. OSError leaves the old one whole.

    Written at `draft` first, beside it: by default `draft_of(path)`, for one writer at a time. A power cut may lose it.
    """
    draft = draft or draft_of(path)
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)
        if owner:
            os.fchown(handle, *owner)
        file.write(data)
    draft.rename(path)


def make_once(path: Path, data: bytes) -> bool:
    """Make the file for its owner alone; False, and nothing changes, if it is there or somebody else is quicker.

    On the disk when this returns: a power cut must not take it and leave what was made with it.
    """
    draft = unique_draft(path)
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return True


def unique_draft(path: Path) -> Path:
    """A draft that no other writer uses."""
    return path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
