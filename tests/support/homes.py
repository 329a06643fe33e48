"""Homes of their own, for what is tried outside of a test function."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.supervisor.client import Supervisor


@contextmanager
def temporary_home() -> Iterator[Path]:
    """TENFOLD_HOME is a new folder, which the account that runs PostgreSQL for root can reach; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-"))
    folder.chmod(0o711)
    before = os.environ.get("TENFOLD_HOME")
    os.environ["TENFOLD_HOME"] = str(folder / "home")
    try:
        yield folder / "home"
    finally:
        os.environ.pop("TENFOLD_HOME")
        if before is not None:
            os.environ["TENFOLD_HOME"] = before
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_home() -> Iterator[Path]:
    """As `temporary_home`, for stacks on the local target: nothing of theirs is left running."""
    with temporary_home() as home:
        yield home
        for folder in (home / "stacks").glob("[!.]*"):
            Supervisor.start(folder / "supervisor").shutdown()
