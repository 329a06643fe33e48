"""The part `volume_files`: what the volumes of a stack hold, read into a tar and put beside them from one.

A stack's programs may write while their files are read. Nothing here follows a link that they made, and a file that
changed is read once more.
"""

import errno
import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from infra_specs.backup.manifest import FileEntry, VolumeContent
from infra_specs.backup.names import Aside
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from tasks.providers.local.errors import translated
from tasks.providers.local.files import remove_tree

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)
"""What the system says of a file that was removed since it was listed, or is a link or a socket now."""


class LocalVolumeFiles:
    """Folders of the stack's volumes. An aside lies beside the folder that it is an aside of."""

    def read(self, instance: Instance, sink: BinaryIO) -> VolumeContent:
        """Write a tar of the volume to `sink`, and tell what is in it. Raises ProviderError if its folder is gone."""
        if not _folder(instance).is_dir():
            raise ProviderError(f"the folder {_folder(instance)} of {instance.address} is gone")
        with translated(), tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            entries, torn = list[FileEntry](), list[str]()
            for path, status, handle, name in _walk(_folder(instance)):
                entry = _add(archive, path, status, handle, name)
                if entry is None:
                    continue
                entries.append(entry)
                if entry.kind == "file" and _changed(handle, name, status):
                    again = os.stat(name, dir_fd=handle, follow_symlinks=False)
                    entries[-1] = _add(archive, path, again, handle, name) or entry
                    torn += [_text(path)] if _changed(handle, name, again) else []
        return VolumeContent(tuple(entries), tuple(torn))

    def put(self, instance: Instance, aside: Aside, source: BinaryIO) -> None:
        """Make the folder `aside` of a tar. One of this name that is there goes first."""
        self.drop(instance, aside)
        folder, volume = _beside(instance, aside), _folder(instance)
        with translated():
            folder.mkdir(0o700)
            try:
                with tarfile.open(fileobj=source, mode="r|") as archive:
                    archive.extractall(folder, filter="tar", numeric_owner=True)
            except tarfile.TarError as error:
                raise ProviderError(f"the files of {instance.address} cannot be unpacked: {error}") from error
            status = volume.stat()
            folder.chmod(stat.S_IMODE(status.st_mode))
            if os.geteuid() == 0:
                for path, _, _, _ in _walk(folder):
                    os.chown(folder / path, status.st_uid, status.st_gid, follow_symlinks=False)
                os.chown(folder, status.st_uid, status.st_gid)

    def content(self, instance: Instance, aside: Aside) -> tuple[FileEntry, ...]:
        """What the folder `aside` holds."""
        with translated():
            walked = _walk(_beside(instance, aside))
            return tuple(entry for step in walked if (entry := _entry(*step)) is not None)

    def asides(self, instance: Instance) -> tuple[Aside, ...]:
        """Every folder of ours beside the volume. What a killed exchange took out of its place is put back first."""
        with translated():
            put_back(_folder(instance))
            return _asides(_folder(instance))

    def exchange(self, instance: Instance, incoming: Aside, outgoing: Aside) -> None:
        """`incoming` takes the volume's place, which is called `outgoing` then. Nothing may write to it meanwhile.

        Killed between its two steps, the volume has no folder: `put_back` gives it the one that it had before.
        """
        volume, put, replaced = _folder(instance), _beside(instance, incoming), _beside(instance, outgoing)
        with translated():
            put_back(volume)
            if not put.is_dir():
                return  # done already, by a try whose answer was lost
            remove_tree(replaced)
            volume.rename(replaced)
            try:
                put.rename(volume)
            except OSError:
                replaced.rename(volume)
                raise

    def drop(self, instance: Instance, aside: Aside) -> None:
        """Remove a folder of ours. Gone already: success."""
        with translated():
            remove_tree(_beside(instance, aside))

    def free_bytes(self, instance: Instance) -> int:
        """Bytes that are free on the volume's disk."""
        free = os.statvfs(_folder(instance))
        return free.f_bavail * free.f_frsize


def put_back(volume: Path) -> bool:
    """Put into a volume's place what was there before an exchange that was killed. Returns whether there was one.

    Only between the two steps of an exchange has a volume no folder, and beside it both of one backup.
    """
    if volume.is_dir():
        return False
    present = _asides(volume)
    for aside in present:
        if aside.role == "replaced" and Aside("restored", aside.backup, aside.number) in present:
            volume.with_name(_hidden(volume, str(aside))).rename(volume)
            return True
    return False


def _asides(volume: Path) -> tuple[Aside, ...]:
    prefix = _hidden(volume, "")
    names = (path.name.removeprefix(prefix) for path in volume.parent.glob(f"{prefix}*"))
    return tuple(aside for name in sorted(names) if (aside := Aside.parse(name)))


def _folder(instance: Instance) -> Path:
    return Path(instance.outputs["path"])


def _beside(instance: Instance, aside: Aside) -> Path:
    return _folder(instance).with_name(_hidden(_folder(instance), str(aside)))


def _hidden(volume: Path, name: str) -> str:
    return f".{volume.name}.{name}"


def _walk(folder: Path) -> Iterator[tuple[str, os.stat_result, int, str]]:
    """Everything below a folder, in an order: its path, what it is, and how to open it without following a link."""
    for top, folders, files, handle in os.fwalk(folder, onerror=_refuse, follow_symlinks=False):
        folders.sort()
        for name in sorted((*folders, *files)):
            with suppress(FileNotFoundError):  # removed since the folder was listed
                status = os.stat(name, dir_fd=handle, follow_symlinks=False)
                yield os.path.relpath(os.path.join(top, name), folder), status, handle, name  # noqa: PTH118


def _refuse(error: OSError) -> None:
    """Raise it again: what cannot be read must not be left out. What was removed since is no loss."""
    if error.errno not in _GONE:
        raise error


def _add(archive: tarfile.TarFile, path: str, status: os.stat_result, handle: int, name: str) -> FileEntry | None:
    """Add one thing to the archive. None for what is no data: sockets, pipes, devices, and what was removed since."""
    info = tarfile.TarInfo(path)
    info.mode, info.mtime = stat.S_IMODE(status.st_mode), status.st_mtime
    info.uid, info.gid = status.st_uid, status.st_gid
    if stat.S_ISDIR(status.st_mode):
        info.type = tarfile.DIRTYPE
    elif stat.S_ISLNK(status.st_mode):
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(name, dir_fd=handle)
    elif stat.S_ISREG(status.st_mode):
        return _add_file(archive, info, status, handle, name)
    else:
        return None
    archive.addfile(info)
    return _of(path, info)


def _add_file(
    archive: tarfile.TarFile, info: tarfile.TarInfo, status: os.stat_result, handle: int, name: str
) -> FileEntry | None:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle)
    except OSError as error:
        _refuse(error)
        return None
    with os.fdopen(descriptor, "rb") as file:
        info.size = status.st_size
        reader = _Exactly(file, info.size)
        archive.addfile(info, cast("BinaryIO", reader))
        return FileEntry(_text(info.name), "file", info.size, reader.digest)


def _entry(path: str, status: os.stat_result, handle: int, name: str) -> FileEntry | None:
    """What one thing is, read from the disk; None for what is no data."""
    if stat.S_ISDIR(status.st_mode):
        return FileEntry(_text(path), "folder", 0, "")
    if stat.S_ISLNK(status.st_mode):
        return FileEntry(_text(path), "link", 0, _digest(os.fsencode(os.readlink(name, dir_fd=handle))))
    if not stat.S_ISREG(status.st_mode):
        return None
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=handle)
    with os.fdopen(descriptor, "rb") as file:
        return FileEntry(_text(path), "file", status.st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _of(path: str, info: tarfile.TarInfo) -> FileEntry:
    is_link = info.type == tarfile.SYMTYPE
    digest = _digest(os.fsencode(info.linkname)) if is_link else ""
    return FileEntry(_text(path), "link" if is_link else "folder", 0, digest)


def _text(path: str) -> str:
    """A path as a manifest can hold it, whatever bytes it has."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _changed(handle: int, name: str, before: os.stat_result) -> bool:
    """Whether a file is another one than it was when it was looked at first."""
    try:
        now = os.stat(name, dir_fd=handle, follow_symlinks=False)
    except FileNotFoundError:
        return False  # what was read of it was whole
    return (now.st_ino, now.st_size, now.st_mtime_ns) != (before.st_ino, before.st_size, before.st_mtime_ns)


class _Exactly:
    """So many bytes of a file, hashed: filled up with zeros if it was cut off since, and none more if it grew."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left, self._hash = file, size, hashlib.sha256()

    def read(self, size: int) -> bytes:
        wanted = min(size, self._left)
        piece = self._file.read(wanted)
        piece += bytes(wanted - len(piece))
        self._left -= len(piece)
        self._hash.update(piece)
        return piece

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
