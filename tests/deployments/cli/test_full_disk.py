"""Every verb says that the disk is full, how much is used by what of ours, and what can be removed."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = [pytest.mark.local, pytest.mark.proof]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home on a disk of 8 MB, with a ledger."""
    home = tmp_path / "home"
    home.mkdir()
    options = ["-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", str(home)]
    if os.geteuid() != 0 or subprocess.run(["mount", *options], check=False).returncode:
        pytest.skip("only root can mount a small disk (tmpfs), so no disk is full here")
    try:
        assert _tenfold(home, "history").returncode == 0
        yield home
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


def _tenfold(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("tenfold")), *arguments]
    environment = {**os.environ, "TENFOLD_HOME": str(home), "TENFOLD_SERVER_PORT": "28931"}
    return subprocess.run(
        command, env=environment, input="a-secret-value", capture_output=True, text=True, check=False, timeout=300
    )


def _fill(home: Path) -> None:
    volume = home / "stacks" / "shop" / "volumes" / "data"
    volume.mkdir(parents=True)
    with (volume / "file").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


@pytest.mark.parametrize("is_open", [False, True], ids=["the ledger cannot be opened", "the ledger can be read"])
def test_what_only_looks_says_it_too(home: Path, *, is_open: bool) -> None:
    """As long as a control plane has the ledger open, it can be read."""
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        if is_open:
            connection.execute("SELECT count(*) FROM runs").fetchone()
        _fill(home)
        for arguments in (("status",), ("status", "--json"), ("history",), ("history", "--json")):
            told = _tenfold(home, *arguments)
            assert told.returncode == 1, arguments
            assert told.stderr.count(f"The disk of {home} is full") == 1, (arguments, told.stderr)
            assert "data of stacks. Can be removed" in told.stderr, (arguments, told.stderr)
            assert bool(told.stdout) == is_open, (arguments, told.stdout)


def test_every_verb_says_it(home: Path, tmp_path: Path) -> None:
    _fill(home)
    spec = tmp_path / "stack.yaml"
    spec.write_text("name: f-full\ntarget: {provider: memory}\nservices: {web: {command: x, port: 80}}\n")
    for arguments in (
        ("server", "start"),
        ("server", "status"),
        ("provision", str(spec)),
        ("secret", "set", "f-full", "key"),
    ):
        told = _tenfold(home, *arguments)
        said = told.stdout + told.stderr
        assert told.returncode, arguments
        assert f"The disk of {home} is full" in said, (arguments, said)
        assert "data of stacks. Can be removed" in said, (arguments, said)
        assert "Traceback" not in said, (arguments, said)
