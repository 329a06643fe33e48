"""What a backup holds, written beside it as its last file: without it there is no backup."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from infra_specs.backup.state import Fall
from infra_specs.errors import BackupFault

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one table at the moment of the backup, and a checksum over them that needs no order."""

    schema: str
    name: str
    rows: int
    checksum: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Sequence:
    """A number that only moves on: no snapshot holds it, so a restored one is there or past it."""

    schema: str
    name: str
    value: int
    is_ascending: bool = True

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class DatabaseContent:
    """What one database holds. `views`: materialized ones, which a restore computes anew."""

    tables: tuple[Table, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    views: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the backup as its store has it, encrypted: bytes and SHA-256."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DatabaseCopy:
    """One database of a backup."""

    address: str
    name: str
    size: int
    """Bytes that it takes on its server's disk."""
    version: int
    """The major version of the server."""
    content: DatabaseContent
    file: StoredFile
    locale: str = ""
    """Its encoding and locale, as a server is told them for a new database."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One thing in a volume: a file with its bytes and SHA-256, a link with that of its target, or a folder."""

    path: str
    kind: Literal["file", "link", "folder"]
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class VolumeContent:
    """What a volume held. `torn`: files that changed each time they were read."""

    entries: tuple[FileEntry, ...]
    torn: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.entries)


@dataclass(frozen=True, slots=True)
class VolumeCopy:
    """The files of one volume of a backup."""

    address: str
    content: VolumeContent
    file: StoredFile


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole backup. `missing`: the stateful resources that it does not hold, each with the reason."""

    stack: str
    name: str
    began: float
    ended: float
    target: str
    release: int
    databases: tuple[DatabaseCopy, ...]
    roles: Mapping[str, StoredFile] = field(default_factory=dict)
    """By the address of a server: its roles."""
    missing: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[VolumeCopy, ...] = ()
    fall: Fall | None = None
    """What it has less than half of, compared with the newest proven backup before it."""
    format: int = FORMAT

    @property
    def files(self) -> tuple[StoredFile, ...]:
        volumes = (copy.file for copy in self.volumes)
        return (*(copy.file for copy in self.databases), *volumes, *self.roles.values())

    @property
    def size(self) -> int:
        """Bytes in the store."""
        return sum(file.size for file in self.files)

    @property
    def rows(self) -> int:
        return sum(copy.content.rows for copy in self.databases)

    @property
    def holds(self) -> str:
        """What is in it, in a few words."""
        tables = sum(len(copy.content.tables) for copy in self.databases)
        files = sum(entry.kind == "file" for copy in self.volumes for entry in copy.content.entries)
        return f"{tables} tables, {self.rows} rows" + (f", {files} files" if self.volumes else "")


_MANIFEST = TypeAdapter(Manifest)


def to_json(manifest: Manifest) -> bytes:
    """The manifest as its file holds it."""
    return _MANIFEST.dump_json(manifest)


def from_json(data: bytes) -> Manifest:
    """The manifest of a file. Raises BackupFault for a file that is cut off or of a newer version."""
    try:
        manifest = _MANIFEST.validate_json(data)
    except ValidationError:
        raise BackupFault("its manifest is cut off, or of a newer version of Tenfold") from None
    if manifest.format > FORMAT:
        raise BackupFault("its manifest is of a newer version of Tenfold")
    return manifest


def lacking(manifest: Manifest, present: Mapping[str, int]) -> str:
    """Why a backup is not whole in its store, by the bytes of each file that is there; empty if it is whole."""
    for file in manifest.files:
        if file.key not in present:
            return f"{file.key} is not in its store"
        if present[file.key] != file.size:
            return f"{file.key} has {present[file.key]} bytes in its store in place of {file.size}"
    return ""


def differences(expected: DatabaseContent, restored: DatabaseContent) -> Iterator[str]:
    """What a restored database lacks, has too much of, or has otherwise: a phrase for each."""
    tables = {str(table): table for table in restored.tables}
    for table in expected.tables:
        copy = tables.pop(str(table), None)
        if copy is None:
            yield f"the table {table} is missing"
        elif copy.rows != table.rows:
            yield f"{table} has {copy.rows} rows in place of {table.rows}"
        elif copy.checksum != table.checksum:
            yield f"{table} has other rows"
    yield from (f"the table {name} is not of the backup" for name in tables)
    sequences = {str(sequence): sequence for sequence in restored.sequences}
    for sequence in expected.sequences:
        number = sequences.get(str(sequence))
        if number is None:
            yield f"the sequence {sequence} is missing"
        elif (number.value < sequence.value) is sequence.is_ascending and number.value != sequence.value:
            yield f"the sequence {sequence} stands at {number.value} in place of {sequence.value}"
    yield from (f"the view {view} is missing" for view in expected.views if view not in restored.views)


def file_differences(expected: VolumeContent, restored: Iterable[FileEntry]) -> Iterator[str]:
    """What a restored volume lacks, has too much of, or has otherwise: a phrase for each."""
    present = {entry.path: entry for entry in restored}
    for path, entry in {entry.path: entry for entry in expected.entries}.items():  # of one read twice the last counts
        copy = present.pop(path, None)
        if copy is None:
            yield f"{path} is missing"
        elif copy != entry:
            yield f"{path} has other bytes"
    yield from (f"{path} is not of the backup" for path in present)


def fall_of(before: Manifest, after: Manifest) -> Fall | None:
    """What fell to less than half from one backup to the next; None if nothing did."""
    rows, size = (before.rows, after.rows), (before.size, after.size)
    fell_rows, fell_size = (numbers if numbers[1] * 2 < numbers[0] else None for numbers in (rows, size))
    return Fall(before.name, fell_rows, fell_size) if fell_rows or fell_size else None
