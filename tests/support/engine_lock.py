"""One run of the tests at a time on a Docker Engine: two would take each other's containers for their own."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def lock_file(host: str, folder: Path | None = None) -> Path:
    """The file that whoever uses the engine of this address locks. A socket has one by all of its names."""
    socket = host.removeprefix("unix://")
    name = str(Path(socket).resolve()) if socket.startswith("/") else host
    return (
        folder or Path(tempfile.gettempdir())
    ) / f"tenfold-tests-{hashlib.sha256(name.encode()).hexdigest()[:12]}.lock"


@contextmanager
def alone_on(host: str, say: Callable[[str], None], folder: Path | None = None) -> Iterator[None]:
    """Wait until no other run uses the engine, and say so; none other does within the block."""
    path = lock_file(host, folder)
    handle = _opened(path)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = path.read_text().strip() or "unknown"
            say(f"Another run of the tests ({holder}) uses the Docker Engine at {host}: waiting until it has ended")
            fcntl.flock(handle, fcntl.LOCK_EX)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} in {Path.cwd()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _opened(path: Path) -> int:
    """The file open for writing, made for everybody; a file of another account in /tmp may not be opened to be made."""
    with suppress(FileNotFoundError):
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    with suppress(PermissionError):
        os.fchmod(handle, 0o666)
    return handle
