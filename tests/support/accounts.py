"""An ordinary account of this machine, for what another user may see and do."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tasks.supervisor.identity import identify
from tasks.supervisor.listening import pids


@dataclass(frozen=True)
class Account:
    """Another user. Commands run as it, with nothing of ours but the path."""

    name: str

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, user=self.name, group=self.name, extra_groups=[], env={"PATH": os.environ["PATH"]}, cwd="/",
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip


@contextmanager
def account() -> Iterator[Account]:
    """Made for the block, and removed at its end. Skips loudly where only root could make one."""
    if os.geteuid() != 0 or shutil.which("useradd") is None:
        pytest.skip("only root can make another account (useradd), so nobody tries this as one")
    name = f"tenfold-test-{secrets.token_hex(4)}"
    subprocess.run(["useradd", "--system", "--no-create-home", "--user-group", name], check=True)
    try:
        yield Account(name)
    finally:
        _end_all(pwd.getpwnam(name).pw_uid)
        # By force: what has ended and was not reaped counts as a user of the account, and not every init reaps.
        subprocess.run(["userdel", "--force", name], check=True)


def _end_all(uid: int) -> None:
    """Kill what still runs as the account, and return when nothing does."""
    deadline = time.monotonic() + 60
    while running := [pid for pid in pids() if _runs_as(pid, uid)]:
        assert time.monotonic() < deadline, f"never ended: {running}"
        for pid in running:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _runs_as(pid: int, uid: int) -> bool:
    try:
        return Path(f"/proc/{pid}").stat().st_uid == uid and identify(pid) is not None
    except OSError:
        return False
