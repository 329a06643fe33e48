"""The Debian that the images stand on: this machine's own release, without what no image needs."""

import hashlib
import json
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import docker

arguments = (
    "--variant=essential",
    # The cache's client for Python needs async-timeout where Python is older than 3.11.3, as Debian 12's is.
    "--include=python3,python3-async-timeout,busybox-static,redis-tools,zlib1g,passwd",
    # Without it Debian 12 merges /usr by a program that needs all of Perl: 45 MB.
    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
    # The account that comes with the client has a number which the official proxy image gives to its own.
    '--customize-hook=chroot "$1" userdel redis',
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale", "info")),
)
sources = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
tool = "mmdebstrap"


class CannotBuild(Exception):
    """The images cannot be built on this machine, and why."""


def key() -> str:
    """Equal for equal bases; what Debian has changed in its packages since does not count."""
    what = [suite(), platform.machine(), arguments]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def build(client: docker.DockerClient, tag: str, label: str) -> None:
    """Fetch the packages from where this machine's apt does, and import them as one layer."""
    if shutil.which(tool) is None:
        raise CannotBuild(f"there is no {tool} to make a Debian base with: sudo apt install {tool}")
    mirrors = next((path for path in sources if path.is_file()), None)
    with tempfile.TemporaryDirectory(prefix="tenfold-base-") as folder:
        tar = Path(folder) / "base.tar"
        command = [tool, "--quiet", *arguments, suite(), str(tar), *([str(mirrors)] if mirrors else [])]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        if done.returncode:
            raise CannotBuild(f"{tool} failed: {done.stderr.strip()[-400:]}")
        client.api.import_image_from_file(str(tar), tag, changes=[f"LABEL {label}", "CMD bash"])


def suite() -> str:
    """Python's extension modules of the virtual environment are made for this release's Python."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    if release.get("ID") != "debian":
        raise CannotBuild("the images are made of this machine's Debian packages, and it is not a Debian")
    return release["VERSION_CODENAME"]
