"""Files of a store as anybody else sees them: encrypted with age, a piece at a time, and hashed on the way."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from infra_specs.backup.manifest import StoredFile
from infra_specs.errors import BackupFault, ProviderError
from tasks.backups.store import Store
from tasks.base.atomic_write import make_once
from tasks.base.known_secrets import known_secrets

KEY_FILE = "backup.key"
"""The key of all backups of an installation, in its home."""
_PIECE = 2**16


class SealedFile:
    """A file that is being written. `stored` is known once the block that wrote it has ended."""

    def __init__(self, sink: BinaryIO) -> None:
        self.sink = sink
        self.stored = StoredFile("", 0, "")


class Vault:
    """A store whose files are opened with one key."""

    def __init__(self, store: Store, identity: str) -> None:
        from pyrage import x25519  # noqa: PLC0415 - most commands need none

        self.store = store
        self._identity = x25519.Identity.from_str(identity)

    @contextmanager
    def writing(self, key: str) -> Iterator[SealedFile]:
        """Write a file. It is there once the block has ended without an error, and else it is not."""
        with self.store.writing(key) as file:
            counted = _Counted(file)
            with _piped_out(lambda source: self._encrypt(source, counted)) as sink:
                sealed = SealedFile(sink)
                yield sealed
        sealed.stored = StoredFile(key, counted.size, counted.digest)

    @contextmanager
    def reading(self, key: str, expected: StoredFile | None = None) -> Iterator[BinaryIO]:
        """Read a file. Raises BackupFault, at the end of the block, if it is not whole or of another key.

        What was read by then must count for nothing. `expected`: what its bytes in the store are to be.
        """
        with self.store.reading(key) as file:
            counted = _Counted(file)
            with _piped_in(lambda sink: self._decrypt(key, counted, sink)) as source:
                yield source
            if expected and (counted.size, counted.digest) != (expected.size, expected.sha256):
                raise BackupFault(f"{key} is not as it was written: other bytes are in the store")

    def _encrypt(self, source: BinaryIO, file: "_Counted") -> None:
        from pyrage import EncryptError, encrypt_io  # noqa: PLC0415

        try:
            encrypt_io(source, file, [self._identity.to_public()])
        except (EncryptError, OSError) as error:
            raise file.error or error from None

    def _decrypt(self, key: str, file: "_Counted", sink: BinaryIO) -> None:
        from pyrage import DecryptError, decrypt_io  # noqa: PLC0415

        guarded = _Counted(sink)
        try:
            decrypt_io(file, guarded, [self._identity])
        except (DecryptError, OSError) as error:
            if file.error:
                raise file.error from None
            if guarded.error is None:  # else nobody reads on
                words = str(error).splitlines()[0].rstrip(".")
                raise BackupFault(
                    f"{key} cannot be decrypted: it is changed, cut off or of another key ({words})"
                ) from None

    def get(self, key: str) -> bytes:
        """A small file as a whole. Raises BackupFault if it is not there, not whole or of another key."""
        with self.reading(key) as source:
            return source.read()

    def put(self, key: str, data: bytes) -> None:
        """A small file as a whole."""
        with self.writing(key) as file:
            file.sink.write(data)


def identity_of(home: Path, *, shown: bool = False) -> str:
    """The key of this installation's backups, made when it is asked for first. Raises ProviderError.

    `shown`: it is for a person to read; else it is hidden from now on wherever it appears.
    """
    from pyrage import x25519  # noqa: PLC0415

    path = home / KEY_FILE
    try:
        if not path.exists():
            make_once(path, f"{x25519.Identity.generate()}\n".encode())
        identity = path.read_text().strip()
        x25519.Identity.from_str(identity)
    except OSError as error:
        raise ProviderError(f"The key of the backups, {path}, cannot be read: {error.strerror}.") from error
    except Exception as error:
        raise ProviderError(f"The key of the backups, {path}, is broken. Put the right one back.") from error
    if not shown:
        known_secrets.learn("backup key", identity)
    return identity


class _Counted:
    """Counts and hashes the bytes that go to or come from a file, and keeps the file's own error."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash, self.size = file, hashlib.sha256(), 0
        self.error: Exception | None = None

    def write(self, data: Any) -> int:
        with self._kept():
            self._file.write(data)
        return self._seen(data)

    def read(self, size: int = -1) -> bytes:
        with self._kept():
            data = self._file.read(size)
        self._seen(data)
        return data

    def flush(self) -> None:
        with self._kept():
            self._file.flush()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def _seen(self, data: Any) -> int:
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # the library passes on its text alone
            self.error = error
            raise


@contextmanager
def _piped_out(work: Callable[[BinaryIO], None]) -> Iterator[BinaryIO]:
    """A file to write into, which `work` reads in a thread. Its error is raised in place of what it caused here."""
    source, sink = _pipe()
    worker = _Worker(lambda: work(source), source)
    try:
        yield sink
    finally:
        with suppress(BrokenPipeError):  # the worker says why
            sink.close()
        worker.finish()


@contextmanager
def _piped_in(work: Callable[[BinaryIO], None]) -> Iterator[BinaryIO]:
    """A file to read from, which `work` writes in a thread. Its error is raised in place of what it caused here."""
    source, sink = _pipe()
    worker = _Worker(lambda: work(sink), sink)
    try:
        yield source
        while source.read(_PIECE):  # whoever stopped early has not seen whether the rest is whole
            pass
    finally:
        source.close()
        worker.finish()


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    reader, writer = os.pipe()
    return os.fdopen(reader, "rb"), os.fdopen(writer, "wb")


class _Worker(threading.Thread):
    """The other side of a pipe. It closes its end when it ends."""

    def __init__(self, work: Callable[[], None], end: BinaryIO) -> None:
        super().__init__(name="sealed", daemon=True)
        self._work, self._end = work, end
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except Exception as error:  # whoever holds the other end is told
            self._error = error
        finally:
            with suppress(OSError):  # nobody reads on
                self._end.close()

    def finish(self) -> None:
        """Wait for its end. Raises its error."""
        self.join()
        if self._error:
            raise self._error
