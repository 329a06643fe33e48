"""A copy of a folder's code for a release: its own files, shared with earlier copies where nobody can change them.

No file is shared with the folder itself: an editor that writes in place would change the release.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from infra_specs.errors import TransientError
from tasks.base.atomic_write import Owner
from tasks.providers.inside import Inside
from tasks.providers.local.code.tree import Entry, Known, Tree

_FICLONE = 0x40049409
"""Of ioctl(2) on Linux: the content of another file, shared until either changes."""
_CHUNK = 2**20
DRAFT = ".new-"


@dataclass(frozen=True, slots=True)
class PreviousCopy:
    """A copy that was made before, and what was read for it."""

    folder: Path
    files: Known


def make_copy(tree: Tree, target: Path, owner: Owner | None, earlier: PreviousCopy | None) -> None:
    """The copy at `target`, there as a whole or not at all. `owner`: the account that reads it, None for who runs us.

    Raises TransientError if the folder was changed meanwhile, OSError.
    """
    draft = target.with_name(f"{DRAFT}{secrets.token_hex(8)}")
    draft.mkdir(0o700)
    try:
        _Copier(tree, draft, target, owner, earlier).copy()
        link_left_out(tree, draft)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def link_left_out(tree: Tree, copy: Path) -> None:
    """A link to each left out thing that the copy has none of yet."""
    for name in tree.left_out:
        with suppress(FileExistsError, FileNotFoundError):
            (copy / name).symlink_to(tree.folder / name)


class _Copier:
    """Makes one copy."""

    def __init__(
        self, tree: Tree, draft: Path, target: Path, owner: Owner | None, earlier: PreviousCopy | None
    ) -> None:
        self._tree, self._draft, self._target, self._owner = tree, draft, target, owner
        # A root without another account for programs writes what it likes, to a shared file, too.
        self._earlier = None if owner is None and os.geteuid() == 0 else earlier
        self._real = Path(os.path.realpath(tree.folder))
        self._inside = Inside(self._real)
        self._folder_owner = self._real.stat().st_uid

    def copy(self) -> None:
        folders = [self._draft]
        for entry in self._tree.entries:
            path = self._draft / entry.name
            if entry.kind == "folder":
                path.mkdir(0o700)
                folders.append(path)
            elif entry.kind == "link":
                path.symlink_to(self._link_text(entry))
            elif not self._shared(entry, path):
                self._file(entry, path)
        statuses = {self._draft / entry.name: entry.status for entry in self._tree.entries if entry.kind == "folder"}
        for folder in reversed(folders):
            is_writable = self._is_writable(statuses.get(folder) or self._real.stat())
            self._give(folder, (0o770 if is_writable else 0o750) if self._owner else 0o700)

    def _link_text(self, entry: Entry) -> str:
        """A link within the folder leads to the copy's own files, one out of it to where it led."""
        here = self._real / Path(entry.name).parent
        aim = Path(os.path.normpath(here / entry.content))
        if aim.is_relative_to(self._real) or aim.is_relative_to(self._tree.folder):
            base = self._real if aim.is_relative_to(self._real) else self._tree.folder
            return os.path.relpath(aim.relative_to(base), Path(entry.name).parent)
        return str(aim)

    def _shared(self, entry: Entry, path: Path) -> bool:
        """Whether it is another name of the same file in the earlier copy."""
        if self._earlier is None or self._is_writable(entry.status):
            return False
        (_, size, changed, *_), content = self._earlier.files.get(entry.name, ((0, 0, 0), ""))
        old = self._earlier.folder / entry.name
        try:
            status = old.lstat()
            as_made = (status.st_size, status.st_mtime_ns, status.st_mode) == (
                size,
                changed,
                stat.S_IFREG | self._mode(entry),
            )
            if content != entry.content or not as_made:
                return False
            os.link(old, path, follow_symlinks=False)
        except OSError:
            return False
        return True

    def _file(self, entry: Entry, path: Path) -> None:
        try:
            with self._inside.open(entry.name, entry.status) as source, path.open("xb") as copy:
                found = _hash_while_copied(source, copy)
        except OSError as error:
            raise TransientError(
                f"{self._tree.folder / entry.name} was changed while it was copied: {error}"
            ) from error
        if found != entry.content:
            raise TransientError(f"{self._tree.folder / entry.name} was changed while it was copied. Run it again.")
        self._give(path, self._mode(entry))
        os.utime(path, ns=(entry.status.st_atime_ns, entry.status.st_mtime_ns))

    def _mode(self, entry: Entry) -> int:
        """Read by its program, and written only where everybody may write. Nobody else gets in to the folder."""
        mode, is_writable = entry.status.st_mode, self._is_writable(entry.status)
        if self._owner is None:
            return stat.S_IMODE(mode) & 0o700 & ~(0 if is_writable else stat.S_IWUSR) | stat.S_IRUSR
        owned = entry.status.st_uid == self._folder_owner
        bits = (mode >> 6 if owned else mode) & 0o5
        return (bits | (0o2 if is_writable else 0)) * 0o10 | 0o400 | (mode & 0o100)

    def _is_writable(self, status: os.stat_result) -> bool:
        """Whether its program may write to it: as everybody may, or as its owner does."""
        is_theirs = self._owner is not None and status.st_uid == self._owner[0]
        return bool(status.st_mode & (stat.S_IWOTH | (stat.S_IWUSR if is_theirs else 0)))

    def _give(self, path: Path, mode: int) -> None:
        if self._owner:
            os.chown(path, os.geteuid(), self._owner[1])
        path.chmod(mode)


def _hash_while_copied(source: IO[bytes], copy: IO[bytes]) -> str:
    """Copy a file, sharing its blocks where the disk can; the hash of what was copied."""
    with suppress(OSError):
        fcntl.ioctl(copy.fileno(), _FICLONE, source.fileno())
        with open(copy.name, "rb") as shared:  # noqa: PTH123 - the name is a path already
            return hashlib.file_digest(shared, "sha256").hexdigest()
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        copy.write(chunk)
    return digest.hexdigest()
