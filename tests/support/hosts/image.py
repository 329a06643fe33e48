"""The image of a test's host: this machine's Debian with systemd, sshd and an engine, built once and kept."""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import docker
from docker.errors import ImageNotFound

from tests.support.images import base, label, local
from tests.support.images.base import CannotBuild

ENTRY = """#!/bin/sh
# Makes of a container what systemd takes for a machine of its own.
mount --make-rshared /
mount -o remount,bind,rw /sys
for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,rw "$folder" 2>/dev/null; done
for home in /root /home/deploy /home/guest; do
    mkdir -p "$home/.ssh" && printf '%s\\n' "$LOGIN_KEY" >"$home/.ssh/authorized_keys"
    chown -R "$(stat -c %u:%g "$home")" "$home/.ssh" && chmod 700 "$home/.ssh"
done
printf '%s\\n' "$HOST_KEY" >/etc/ssh/ssh_host_ed25519_key && chmod 600 /etc/ssh/ssh_host_ed25519_key
printf 'nameserver %s\\n' "$NAME_SERVER" >/etc/resolv.conf
unset LOGIN_KEY HOST_KEY NAME_SERVER
export container=docker
exec /lib/systemd/systemd
"""
PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "ca-certificates", "iproute2", "procps", "docker.io",
    "iptables",
)  # fmt: skip
"""Those of a small server, and an engine. No Python: nothing of ours needs it there."""
MASKED = (
    "getty@.service", "console-getty.service", "systemd-udevd.service", "systemd-logind.service",
    "systemd-timesyncd.service", "systemd-resolved.service", "apt-daily.timer", "apt-daily-upgrade.timer",
    "e2scrub_all.timer", "fstrim.timer",
)  # fmt: skip
SCRIPT = f"""
set -e
cat >"$1/entry"
chmod 755 "$1/entry"
rm -f "$1"/etc/ssh/ssh_host_*
for unit in {" ".join(MASKED)}; do ln -sf /dev/null "$1/etc/systemd/system/$unit"; done
for user in deploy guest; do chroot "$1" useradd --create-home --shell /bin/bash "$user"; done
echo 'deploy ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/deploy"
"""
NAME = local("host:1")


def have(client: docker.DockerClient) -> str:
    """The tag of the image; built in a minute if it is not there yet. CannotBuild says why it cannot be."""
    key = hashlib.sha256(json.dumps([base.key(), platform.machine(), PACKAGES, ENTRY, SCRIPT]).encode()).hexdigest()
    with (Path(tempfile.gettempdir()) / f"tenfold-test-host-{os.getuid()}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            if client.images.get(NAME).labels.get(label) == key:
                return NAME
        except ImageNotFound:
            pass
        _build(client, key)
    return NAME


def _build(client: docker.DockerClient, key: str) -> None:
    if shutil.which(base.tool) is None:
        raise CannotBuild(f"there is no {base.tool} to make a Debian with: sudo apt install {base.tool}")
    with tempfile.TemporaryDirectory(prefix="tenfold-host-") as name:
        folder = Path(name)
        (folder / "entry").write_text(ENTRY)
        (folder / "setup").write_text(SCRIPT)
        mirrors = next((path for path in base.sources if path.is_file()), None)
        command = [
            base.tool, "--quiet", "--variant=apt", f"--include={','.join(PACKAGES)}",
            "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
            f'--customize-hook=sh {folder}/setup "$1" <{folder}/entry',
            *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale", "info")),
            base.suite(), str(folder / "host.tar"), *([str(mirrors)] if mirrors else []),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        if done.returncode:
            raise CannotBuild(f"{base.tool} failed: {done.stderr.strip()[-400:]}")
        client.api.import_image_from_file(str(folder / "host.tar"), NAME, changes=[f"LABEL {label}={key}"])
