"""The accounts that stacks of tests leave on this machine, for their homes are removed without a teardown."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.providers.local.accounts import stack_accounts


def forget_accounts(is_over: "os.PathLike[str]") -> None:
    """Remove the accounts of every home below `is_over`, and of those in the temporary folder that are gone."""
    over, temporary = Path(is_over).resolve(), Path(tempfile.gettempdir()).resolve()
    for home in _homes():
        if home.is_relative_to(over) or (home.is_relative_to(temporary) and not home.exists()):
            for stack in list(stack_accounts.stacks_of(home)):
                stack_accounts.remove(home, stack)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that programs of any account may use, which pytest's own are not. Removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-open-"))
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _homes() -> set[Path]:
    fields = [line.split(":") for line in Path("/etc/passwd").read_text().splitlines()]
    comments = [entry[4] for entry in fields if entry[0].startswith("tf-")]
    return {Path(comment.partition(" of ")[2]) for comment in comments if comment.startswith("Tenfold stack ")}
