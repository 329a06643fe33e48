"""A real sshd on loopback, with keys, accounts and sockets of the test's own: nothing of this machine's is used.

It runs in a mount namespace: its /etc and its /run are the test's, so only root can start one. All of /etc, for a file
in it that another process replaces, as useradd does, would lose what is mounted on it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PATIENCE = 60.0
KINDS = ("ed25519", "ecdsa", "rsa")
ACCOUNTS = {"root": 0, "deploy": 4100, "guest": 4101, "shut": 4102}
"""`deploy` has a sudo that asks nothing, `guest` one that asks for a password; the key of `shut` is not known."""
CONFIG = """
{more}
Port {port}
ListenAddress 127.0.0.1
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile {folder}/authorized/%u
SetEnv PATH={folder}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LogLevel VERBOSE
"""
SUDO = """#!/bin/sh
# As sudo -n does: `guest` may not without a password.
[ "$(id -un)" = guest ] && echo "sudo: a password is required" >&2 && exit 1
shift
[ "$1" = -- ] && shift
AS_ROOT=yes exec "$@"
"""
NAMESPACE = """
mount --make-rprivate /
[ ! -S "{socket}" ] || {{ touch {folder}/engine && mount --bind {socket} {folder}/engine; }}
mount -t tmpfs -o mode=755 tmpfs /run && mkdir -m 755 /run/sshd
mount --bind {folder}/etc /etc
ln -s {folder}/engine /run/docker.sock
exec {program} -D -f {folder}/config -E {folder}/log
"""


def program() -> Path | None:
    """Where sshd is: installed, or where `make test` puts it."""
    places = (Path("/usr/sbin/sshd"), Path(sys.executable).parent / "openssh" / "sshd")
    return next((path for path in places if path.exists()), None)


@dataclass
class Sshd:
    """One sshd. It may be stopped, frozen and started again; its port stays."""

    folder: Path
    socket: str = ""
    more: str = ""
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        for name in ("keys", "authorized", "bin"):
            (self.folder / name).mkdir()
        for kind in KINDS:
            make_key(self.folder / "keys" / kind, kind)
        make_key(self.key, "ed25519")
        public = self.key.with_suffix(".pub").read_text()
        for account in ACCOUNTS:
            (self.folder / "authorized" / account).write_text("" if account == "shut" else public)
        self._make_etc()
        self.with_sudo()

    @property
    def key(self) -> Path:
        """The key that logs in."""
        return self.folder / "login"

    def with_sudo(self, *, present: bool = True) -> None:
        """Whether there is a sudo."""
        path = self.folder / "bin" / "sudo"
        path.unlink(missing_ok=True)
        if present:
            path.write_text(SUDO)
            path.chmod(0o755)

    def public(self, kind: str) -> tuple[str, str]:
        """The type and the text of one of the host's keys."""
        name, text = (self.folder / "keys" / f"{kind}.pub").read_text().split()[:2]
        return name, text

    def start(self, *kinds: str) -> None:
        """Start it with keys of these kinds; with an ed25519 one if none is named. Returns when it listens."""
        sshd = program()
        assert sshd is not None
        keys = "\n".join(f"HostKey {self.folder}/keys/{kind}" for kind in kinds or ("ed25519",))
        (self.folder / "config").write_text(
            CONFIG.format(port=self.port, folder=self.folder, more=f"{keys}\n{self.more}")
        )
        script = NAMESPACE.format(folder=self.folder, socket=self.socket, program=sshd)
        self._process = subprocess.Popen(
            ["unshare", "-m", "sh", "-ec", script],
            env={**os.environ, "LD_LIBRARY_PATH": str(sshd.parent) if sshd.parent.name == "openssh" else ""},
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not listens(self.port):
            assert self._process.poll() is None, f"sshd does not start: {self.log()}"
            assert time.monotonic() < deadline, f"sshd does not listen: {self.log()}"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it and all its connections, as a machine that goes down does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)  # it starts no further one while they are listed
            family = self._family()
            for number in (signal.SIGSTOP, signal.SIGKILL):  # so that none can tell of another's end
                for pid in family:
                    with suppress(ProcessLookupError):
                        os.kill(pid, number)
            self._process.wait(PATIENCE)
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It, and all that serves its connections, stand still until the end of the block."""
        family = self._family()
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def log(self) -> str:
        """What it wrote."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _make_etc(self) -> None:
        etc = self.folder / "etc"
        etc.mkdir()
        lines = (f"{name}:*:{uid}:{uid}::{self.folder}:/bin/sh\n" for name, uid in ACCOUNTS.items())
        (etc / "passwd").write_text("".join(lines) + "sshd:*:4199:65534::/run/sshd:/usr/sbin/nologin\n")
        (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\n")
        for name in ("os-release", "alternatives", "ld.so.cache", "hosts"):
            subprocess.run(
                ["cp", "-a", "--dereference" if name == "os-release" else "-d", f"/etc/{name}", etc], check=True
            )

    def _family(self) -> set[int]:
        """It, and all that it started."""
        assert self._process is not None
        parents = dict[int, int]()
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        family = {self._process.pid}
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        return family


@contextmanager
def sshd(socket: str = "", more: str = "") -> Iterator[Sshd]:
    """One that can be started; ended after the block. Skips loudly where none can run."""
    if os.geteuid() != 0:
        pytest.skip("only root can start an sshd with accounts of its own, so nothing logs in by SSH")
    if program() is None or not shutil.which("ssh-keygen"):
        pytest.skip("no sshd is there: sh scripts/sshd .venv/bin fetches it, and ssh-keygen is in openssh-client")
    folder = Path(tempfile.mkdtemp(prefix="tenfold-sshd-"))
    folder.chmod(0o711)
    server = Sshd(folder, socket, more)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def make_key(path: Path, kind: str, passphrase: str = "") -> None:
    """A key pair, the private half of which is at `path`."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", str(path)]
    subprocess.run([*command, *(["-b", "2048"] if kind == "rsa" else [])], check=True)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def listens(port: int, address: str = "127.0.0.1") -> bool:
    with socket.socket() as sock:
        sock.settimeout(PATIENCE)
        return sock.connect_ex((address, port)) == 0
