"""A Docker Engine of the tests' own beside the one they share: it may be killed, and its disk may be filled."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from docker import DockerClient
from docker.errors import DockerException
from requests.exceptions import RequestException

from tests.support.engine import NoEngine

PROGRAMS = ("dockerd", "docker", "ip", "nsenter", "mount", "umount")
PATIENCE = 60.0
"""Seconds that it may take to start or to end on a busy machine."""


class OwnEngine:
    """In a network namespace of its own, for two engines in one undo each other's rules. Its disk is a part of memory.

    A folder of this machine is no file system of a certain size, and a loop device is not to be had everywhere.
    """

    def __init__(self, megabytes: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tenfold-engine-"))
        self._disk = self._folder / "data"
        self._name = f"tenfold-{uuid4().hex[:8]}"
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = self._folder / "socket"
        self.host = f"unix://{self._socket}"
        self._disk.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "tmpfs", str(self._disk))
        run("ip", "netns", "add", self._name)
        run("nsenter", f"--net=/run/netns/{self._name}", "ip", "link", "set", "lo", "up")

    def start(self) -> None:
        """Returns when it answers. NoEngine with the end of its log if it never does."""
        (self._folder / "pid").unlink(missing_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self._name}", "dockerd", "--data-root", str(self._disk),
                 "--exec-root", str(self._folder / "exec"), "--pidfile", str(self._folder / "pid"),
                 "--host", self.host, "--log-level", "warn"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NoEngine(f"a second engine does not start: {self._log()}")
            time.sleep(0.1)

    def crash(self) -> None:
        """As a machine that loses its power: the engine and all that runs in it end at once, and nothing is tidied."""
        assert self._process is not None
        self._process.kill()
        ended = self._processes()
        for pid in ended:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        deadline = time.monotonic() + PATIENCE
        # What has ended and is not yet taken away looks alive to another engine, which would wait for it in vain.
        while any(Path(f"/proc/{pid}").exists() for pid in ended) and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self) -> None:
        """As an administrator does; what shall run is started again with it."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(PATIENCE)

    def client(self) -> DockerClient:
        return DockerClient(self.host, timeout=int(PATIENCE))

    def load(self, tags: Iterable[str]) -> None:
        """Images of the shared engine, under the same names."""
        saving = subprocess.Popen(["docker", "save", *tags], stdout=subprocess.PIPE)
        run("docker", "--host", self.host, "load", "--quiet", stdin=saving.stdout)
        if saving.wait():
            raise NoEngine("the shared engine did not give its images away")

    @contextmanager
    def full(self, left: int = 0) -> Iterator[None]:
        """Its disk has no more than so many bytes left, until the end of the block."""
        filler = self._disk / "filler"
        free = os.statvfs(self._disk)
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, free.f_bavail * free.f_frsize - left))
        try:
            yield
        finally:
            filler.unlink()

    def end(self) -> None:
        """Nothing of it is left."""
        with suppress(DockerException, RequestException), self._closing() as client:
            for container in client.containers.list(all=True):
                container.remove(force=True, v=True)
        if self._process is not None and self._process.poll() is None:
            self.stop()
        subprocess.run(["umount", "--recursive", "--lazy", str(self._disk)], check=False)
        subprocess.run(["ip", "netns", "del", self._name], check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        with suppress(DockerException, RequestException), self._closing() as client:
            return bool(client.ping())
        return False

    @contextmanager
    def _closing(self) -> Iterator[DockerClient]:
        client = self.client()
        try:
            yield client
        finally:
            client.close()

    def _processes(self) -> set[int]:
        """Its containerd, the shims of its containers, and what runs below them."""
        parents = {}
        pids = set()
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError):
                if str(self._folder / "exec") in (entry / "cmdline").read_text():
                    pids.add(int(entry.name))
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        while more := {pid for pid, parent in parents.items() if parent in pids} - pids:
            pids |= more
        return pids

    def _log(self) -> str:
        return "\n".join((self._folder / "log").read_text(errors="replace").splitlines()[-3:])


def open_own_engine(megabytes: int) -> OwnEngine:
    """One that runs; end it. NoEngine says why there can be none: it takes root, and Linux's own tools."""
    if os.geteuid() != 0:
        raise NoEngine("only root can start a second engine beside the one that is there")
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        raise NoEngine(f"a second engine needs {', '.join(missing)}")
    if os.environ.get("DOCKER_HOST", "unix:").partition(":")[0] != "unix":
        raise NoEngine("the engine of DOCKER_HOST is on another machine, and a second one would be here")
    try:
        engine = OwnEngine(megabytes)
    except subprocess.CalledProcessError as error:
        raise NoEngine(f"a second engine cannot have a place of its own: {error.stderr.decode().strip()}") from None
    try:
        engine.start()
    except NoEngine:
        engine.end()
        raise
    return engine


def run(*command: str, stdin: object = None) -> None:
    subprocess.run(command, check=True, capture_output=True, stdin=stdin)  # type: ignore[call-overload]
