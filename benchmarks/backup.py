"""A backup, its proof and a restore, beside the bare programs: `pg_dump | age` and `age -d | pg_restore`.

python -m benchmarks.backup [--megabytes N] [--rounds N]

All of it in one run on one server of the local target, in turn: a backup (with checksums beside it), a restored copy,
and a proof (restored, counted, compared, dropped); medians, their ratio, and the most memory that we took. `age` is
Debian's where it is installed, else the same library in a process of its own.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from infra_specs.backup.manifest import DatabaseContent, StoredFile, differences
from infra_specs.backup.names import Aside
from infra_specs.resources.instance import Instance
from tasks.backups.sealed import Vault, identity_of
from tasks.backups.store import FolderStore
from tasks.providers.local import LocalProvider
from tasks.providers.local.kinds.database import client_environment
from tasks.providers.local.stack_folder import stack_folder_of
from tests.tasks.providers.contract.databases import sql
from tests.tasks.providers.local.world import database, made, opened, volume

KEY = "shop/20261101-030000/database-0.age"
ASIDE = Aside("restored", "20261101-030000", 0)
ROW_BYTES = 1000
COMPARED = {"backup": "pg_dump | age", "restore beside": "age -d | pg_restore", "proof": "age -d | pg_restore"}
"""What of ours is compared with which bare programs."""
AGE = """
import pathlib, sys
from pyrage import decrypt_io, encrypt_io, x25519
identity = x25519.Identity.from_str(pathlib.Path(sys.argv[2]).read_text().strip())
if sys.argv[1] == "public":
    print(identity.to_public())
elif sys.argv[1] == "encrypt":
    encrypt_io(sys.stdin.buffer, sys.stdout.buffer, [identity.to_public()])
else:
    decrypt_io(sys.stdin.buffer, sys.stdout.buffer, [identity])
"""


def main() -> None:
    """Measure, and print a table."""
    options = argparse.ArgumentParser(description="A backup beside the bare programs.")
    options.add_argument("--megabytes", type=int, default=50)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    with server() as (provider, instance):
        fill(provider, instance, given.megabytes)
        with tempfile.TemporaryDirectory(prefix="tenfold-bench-") as folder:
            Bench(provider, instance, Path(folder)).run(given.rounds, given.megabytes)


class Bench:
    """The same work by us and by the bare programs."""

    def __init__(self, provider: LocalProvider, server: Instance, folder: Path) -> None:
        self.server, self.folder = server, folder
        assert provider.databases
        self.databases = provider.databases
        self.vault = Vault(FolderStore(folder / "store"), identity_of(folder))
        self.env = environment(provider, server)
        self.bare = folder / "bare.age"
        self.stored, self.content = StoredFile("", 0, ""), DatabaseContent()

    def run(self, rounds: int, megabytes: int) -> None:
        """All steps in turn, so many times."""
        steps: Mapping[str, Callable[[], None]] = {
            "pg_dump | age": self.bare_dump,
            "backup": self.backup,
            "age -d | pg_restore": self.bare_restore,
            "restore beside": self.restore,
            "proof": self.proof,
        }
        times: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(rounds):
            for name, step in steps.items():
                self.databases.drop(self.server, ASIDE)
                began = time.perf_counter()
                step()
                times[name].append(time.perf_counter() - began)
        medians = {name: statistics.median(measured) for name, measured in times.items()}
        print(f"{megabytes} MB, {rounds} rounds, medians in seconds; {self.stored.size / 1e6:.1f} MB in the store")
        for name, bare in COMPARED.items():
            ratio = medians[name] / medians[bare]
            print(f"{name:16} {medians[name]:7.2f}   {bare:20} {medians[bare]:7.2f}   {ratio:5.2f} x")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"most memory of ours: {peak:.0f} MB")

    def bare_dump(self) -> None:
        with self.bare.open("wb") as file:
            chain(["pg_dump", "-Fc", "-d", "app"], self.age("encrypt"), self.env, None, file)

    def bare_restore(self) -> None:
        subprocess.run(["createdb", str(ASIDE)], check=True, env=self.env)
        with self.bare.open("rb") as file:
            chain(self.age("decrypt"), ["pg_restore", "-d", str(ASIDE)], self.env, file, None)

    def age(self, what: Literal["encrypt", "decrypt"]) -> list[str]:
        key = str(self.folder / "backup.key")
        library = [sys.executable, "-c", AGE]
        if not shutil.which("age"):
            return [*library, what, key]
        public = subprocess.run([*library, "public", key], check=True, capture_output=True, text=True).stdout.strip()
        return ["age", "-r", public] if what == "encrypt" else ["age", "-d", "-i", key]

    def backup(self) -> None:
        with self.vault.writing(KEY) as file:
            self.content = self.databases.dump(self.server, "app", file.sink)
        self.stored = file.stored

    def restore(self) -> None:
        with self.vault.reading(KEY, self.stored) as source:
            self.databases.restore(self.server, ASIDE, source)

    def proof(self) -> None:
        self.restore()
        faults = list(differences(self.content, self.databases.content(self.server, str(ASIDE))))
        assert not faults, faults
        self.databases.drop(self.server, ASIDE)


def chain(
    first: list[str], second: list[str], env: Mapping[str, str], source: IO[bytes] | None, sink: IO[bytes] | None
) -> None:
    """Two programs with a pipe between them. AssertionError if one fails."""
    begin = subprocess.Popen(first, stdin=source, stdout=subprocess.PIPE, env=env)
    end = subprocess.Popen(second, stdin=begin.stdout, stdout=sink, env=env)
    assert begin.stdout
    begin.stdout.close()
    assert (end.wait(), begin.wait()) == (0, 0)


def fill(provider: LocalProvider, server: Instance, megabytes: int) -> None:
    """So many bytes of rows that compress about as well as texts do."""
    rows = megabytes * 10**6 // ROW_BYTES
    sql(
        provider, server,
        "CREATE TABLE filled (id int PRIMARY KEY, at timestamptz, text text);"
        f"INSERT INTO filled SELECT n, now(), (SELECT string_agg(md5((n * 31 + i)::text), ' ' || n) FROM "
        f"generate_series(1, {ROW_BYTES // 36}) i) FROM generate_series(1, {rows}) n",
    )  # fmt: skip


def environment(provider: LocalProvider, server: Instance) -> dict[str, str]:
    """What PostgreSQL's programs find the server with."""
    return client_environment(stack_folder_of(provider._home, server.stack), server)


@contextmanager
def server() -> Iterator[tuple[LocalProvider, Instance]]:
    """A PostgreSQL of the local target, ended afterwards."""
    with opened() as provider:
        yield provider, made(provider, database(made(provider, volume()).outputs["path"]))


if __name__ == "__main__":
    main()
