"""Programs of Debian's packages that this machine may lack: fetched once, and run from where they lie."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path


class Missing(Exception):
    """It cannot be had on this machine, and why."""


def unpacked(program: str, *packages: str) -> Path:
    """The program: the installed one, or the one of these packages. Raises Missing."""
    if installed := shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return Path(installed)
    folder = Path(tempfile.gettempdir()) / f"tenfold-benchmark-programs-{os.getuid()}" / program
    if not folder.exists():
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise Missing(f"there is no {program}, and only Debian's package of it is known here")
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
            got = subprocess.run(
                ["apt-get", "download", *packages], cwd=fresh, capture_output=True, text=True, check=False
            )
            if got.returncode:
                raise Missing(f"apt-get download {' '.join(packages)} failed: {got.stderr.strip()[-200:]}")
            for package in Path(fresh).glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, Path(fresh, "root")], check=True)
            Path(fresh, "root").rename(folder)
    found = next(
        (folder / place / program for place in ("usr/bin", "usr/sbin") if (folder / place / program).exists()), None
    )
    if found is None:
        raise Missing(f"{' '.join(packages)} have no {program}")
    return found


def libraries(program: Path) -> Path:
    """Where the libraries lie that were unpacked beside it."""
    return program.parents[1] / "lib" / f"{os.uname().machine}-linux-gnu"
