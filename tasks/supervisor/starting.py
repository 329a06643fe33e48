"""Starting the supervisor of a folder, whoever else does so at the same time."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra_specs.errors import DiskFull, ProviderError, TransientError
from tasks.base.disk import is_full
from tasks.supervisor.folder import LOG, is_held
from tasks.supervisor.lock_holders import end_stopped_holders
from tasks.supervisor.rotate import tail
from tasks.supervisor.rpc import CONNECT_SECONDS, call

START_SECONDS = 60.0
_POLL_SECONDS = 0.005
_LOOK_SECONDS = 1.0
"""Between two looks at who holds the lock, which takes a look at every process."""


def start(folder: Path) -> Path:
    """Return when a supervisor answers for this folder, started if none runs; the folder's whole path.

    The folder is made, for its owner's eyes only. ProviderError: it is another's, or cannot be used. TransientError:
    nobody answered within `START_SECONDS`; the message ends with the log.
    """
    with own(folder):
        folder = _private(folder)
    began = time.monotonic()
    deadline, next_look = began + START_SECONDS, began + CONNECT_SECONDS
    while True:
        launched = None if is_held(folder) else _launch(folder)
        while time.monotonic() < deadline:
            if _answers(folder):
                return folder
            # Held by one that is ending, or launched in vain beside one that ended meanwhile: launch again.
            if (launched is None or launched.poll() is not None) and not is_held(folder):
                break
            if time.monotonic() >= next_look:
                next_look += _LOOK_SECONDS
                if end_stopped_holders(folder):
                    break
            time.sleep(_POLL_SECONDS)
        if time.monotonic() >= deadline:
            raise TransientError(
                f"the supervisor of {folder} did not answer within {START_SECONDS:g} s; its log ends:\n"
                + tail(folder / LOG, 20)
            )


@contextmanager
def own(folder: Path) -> Iterator[None]:
    """A block that uses the folder of a supervisor: its errors are ours."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise DiskFull(f"the supervisor's folder {folder} cannot be written: the disk is full") from error
        raise ProviderError(f"the supervisor's folder {folder} cannot be used: {error.strerror}") from error


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = folder.resolve()
    status = folder.stat()
    if status.st_uid != os.geteuid():
        raise ProviderError(f"{folder} belongs to another user: only its owner can run a supervisor there")
    if status.st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def _launch(folder: Path) -> "subprocess.Popen[bytes]":
    """Isolated, in our folder and without site packages: nothing of the caller's surroundings gets in, and fast."""
    script = Path(__file__).with_name("__main__.py").resolve()
    # Some interpreters do not find their own libraries without these.
    libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    log = os.open(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(script), str(folder)],
            cwd=folder,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"} | libraries,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    except OSError as error:
        raise ProviderError(f"the supervisor of {folder} cannot be started: {error}") from error
    finally:
        os.close(log)


def _answers(folder: Path) -> bool:
    try:
        return not call(folder, {"verb": "ping"}, connect_seconds=0)["ending"]
    except TransientError:
        return False
