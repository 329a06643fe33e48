"""A server that hangs, slow work of one that does not, and a server that nobody can ask."""

import io
import threading
from collections.abc import Iterator, Sequence
from typing import BinaryIO, cast

import pytest

from infra_specs.backup.names import Aside
from infra_specs.errors import ProviderError, TransientError
from infra_specs.resources.instance import Health, Instance
from tasks.providers.postgres import psql as sessions
from tasks.providers.postgres import stream
from tasks.providers.postgres.databases import PostgresDatabases
from tests.tasks.providers.postgres.test_answers import ScriptedShell

pytestmark = pytest.mark.pure

SERVER = Instance("shop", "database/main", "database", "f", 1, Health("healthy", "", 0.0))
ASIDE = Aside("restored", "20261101-030000", 0)
HANGS = r"database/main of shop hangs: it gave no answer for 0\.01 s"


class HangingShell(ScriptedShell):
    """Stops to answer at a word, until it is let go on. `hangs`: nobody else is answered then either."""

    def __init__(self, word: str, *, hangs: bool = True) -> None:
        super().__init__()
        self.word, self.hangs = word, hangs
        self.silent = threading.Event()
        self.go_on = threading.Event()
        self.quick = 0

    def pipe(self, instance: Instance, command: Sequence[str], source: BinaryIO, sink: BinaryIO) -> int:
        if self.silent.is_set():
            if self.hangs:
                self.go_on.wait()
            else:
                self.quick += 1
                if self.quick > 3:
                    self.go_on.set()
        if self.word not in command and self.word not in " ".join(command):
            return super().pipe(instance, command, cast("BinaryIO", _Noticed(source, self)), sink)
        self.stop()
        source.read(1)
        sink.write(b"more")
        return 0

    def stop(self) -> None:
        self.silent.set()
        self.go_on.wait()


class _Noticed(io.RawIOBase):
    def __init__(self, source: BinaryIO, shell: HangingShell) -> None:
        self.source, self.shell = source, shell

    def read(self, size: int = -1) -> bytes:
        statement = self.source.read(size)
        if self.shell.word in statement.decode():
            self.shell.stop()
        return statement


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "QUIET_SECONDS", 0.01)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SHORT_SECONDS", 0.01)


def act(word: str, shell: HangingShell) -> None:
    databases = PostgresDatabases(shell)
    if word == "pg_restore":
        databases.restore(SERVER, ASIDE, io.BytesIO(b"a dump"))
    else:
        databases.dump(SERVER, "app", io.BytesIO())


@pytest.fixture
def let_go() -> Iterator[list[HangingShell]]:
    shells: list[HangingShell] = []
    yield shells
    for shell in shells:
        shell.go_on.set()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("word", ["pg_dump", "pg_restore", "count(*)", "pg_export_snapshot", "SET timezone"])
def test_a_server_that_hangs_ends_the_run(word: str, let_go: list[HangingShell]) -> None:
    shell = HangingShell(word)
    let_go.append(shell)
    with pytest.raises(TransientError, match=HANGS):
        act(word, shell)


@pytest.mark.parametrize("word", ["pg_dump", "pg_restore", "count(*)", "pg_export_snapshot"])
def test_slow_work_of_a_server_that_answers_others_goes_on(word: str, let_go: list[HangingShell]) -> None:
    shell = HangingShell(word, hangs=False)
    let_go.append(shell)
    act(word, shell)
    assert shell.quick > 3


def test_a_server_that_nobody_can_ask_ends_the_run(let_go: list[HangingShell]) -> None:
    class Paused(HangingShell):
        def pipe(self, instance: Instance, command: Sequence[str], source: BinaryIO, sink: BinaryIO) -> int:
            if self.silent.is_set():
                raise ProviderError("the container is paused")
            return super().pipe(instance, command, source, sink)

    shell = Paused("pg_dump")
    let_go.append(shell)
    with pytest.raises(TransientError, match=r"database/main of shop cannot be asked: the container is paused"):
        act("pg_dump", shell)


@pytest.mark.usefixtures("impatient")
def test_a_command_that_was_left_behind_takes_and_gives_nothing_more(let_go: list[HangingShell]) -> None:
    shell, sink = HangingShell("pg_dump"), io.BytesIO()
    let_go.append(shell)
    with pytest.raises(TransientError, match=HANGS):
        PostgresDatabases(shell).dump(SERVER, "app", sink)
    shell.go_on.set()
    for thread in [thread for thread in threading.enumerate() if thread.name == "watched"]:
        thread.join(60)
    assert sink.getvalue() == b""


def test_bytes_that_move_are_no_hang() -> None:
    class Dripping(ScriptedShell):
        def pipe(self, instance: Instance, command: Sequence[str], source: BinaryIO, sink: BinaryIO) -> int:
            if command[0] == "pg_dump":
                for _ in range(20):
                    sink.write(b"x")
                    threading.Event().wait(0.005)
                return 0
            return super().pipe(instance, command, source, sink)

    sink = io.BytesIO()
    PostgresDatabases(Dripping()).dump(SERVER, "app", sink)
    assert len(sink.getvalue()) == 20


def test_silence_has_an_end_though_others_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LONGEST_SECONDS", 0.03)
    never = threading.Event()
    try:
        with pytest.raises(TransientError, match="pg_dump moved no byte for 0 s"):
            stream.watched("pg_dump", lambda *_: int(never.wait()), io.BytesIO(), io.BytesIO(), lambda: None)
    finally:
        never.set()
