"""Every verb says that the disk is full, how much is used by what of ours, and what can be removed."""

import os
import subprocess
import sys
from collections.abc import Iterator
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
