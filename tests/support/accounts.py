"""An ordinary account of this machine, for what another user may see and do."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Account:
    """Another user. Commands run as it, with nothing of ours but the path."""

    name: str

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, user=self.name, group=self.name, extra_groups=[], env={"PATH": os.environ["PATH"]}, cwd="/",
            capture_output=True, text=True, check=False, timeout=120,
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
        subprocess.run(["userdel", name], check=True)
