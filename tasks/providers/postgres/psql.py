"""A session of psql beside a server: statements go in, a JSON text a line comes out."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, cast

from infra_specs.errors import ProviderError, TransientError
from infra_specs.resources.instance import Instance
from tasks.providers.postgres import stream
from tasks.providers.seam.parts import Shell

END = "tenfold-answered"
SHORT_SECONDS = 60.0
"""Seconds that a server has for the shortest of questions, and a session to end."""
LOCK_SECONDS = 3600
"""Seconds that a statement waits for a lock which the stack's own programs hold."""
# What a row looks like as text may depend on these. Nothing that the owner of a database set ends the session.
_SETTINGS = f"""\
SET timezone = 'UTC'; SET datestyle = 'ISO, MDY'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1;
SET bytea_output = 'hex'; SET lc_monetary = 'C'; SET search_path = pg_catalog; SET row_security = off;
SET statement_timeout = 0; SET lock_timeout = '{LOCK_SECONDS}s'; SET idle_in_transaction_session_timeout = 0;
SET client_min_messages = error;
"""
_ALWAYS_THERE = "template1"
# What it complains of comes with its answers: a pipe drops the standard error.
_PSQL = 'exec psql -X -q -A -t -w -v ON_ERROR_STOP=1 -d "$1" 2>&1'


class _NotReached(ProviderError):
    """No program could be started beside the server: its container is paused, or its host is away."""


class Psql:
    """Statements in one database, in the order in which they are asked."""

    def __init__(self, feed: "_Feed", answers: "_Answers") -> None:
        self._feed, self._answers = feed, answers

    def ask(self, statement: str) -> list[Any]:
        """The rows of a statement, of which each is one JSON text. Raises ProviderError with the server's words."""
        rows = self.lines(statement)
        try:
            return [json.loads(row) for row in rows]
        except ValueError:
            raise ProviderError(_complaint(rows)) from None

    def lines(self, statement: str) -> list[str]:
        """The lines of its answer, whatever they are. Raises ProviderError if the session ends."""
        self._feed.put(f"{statement};\n\\echo {END}\n".encode())
        lines: list[str] = []
        while (line := self._answers.line()) != END:
            lines.append(line)
        return lines


@contextmanager
def psql(shell: Shell, instance: Instance, database: str) -> Iterator[Psql]:
    """A session that lasts as long as the block. Its transaction is rolled back unless it was committed.

    An answer may take long. A server that answers nobody else meanwhile hangs: TransientError.
    """
    answers = _Answers(stream.QUIET_SECONDS, lambda: require_answer(shell, instance))
    with _session(shell, instance, database, answers) as session:
        yield session


def require_answer(shell: Shell, instance: Instance) -> None:
    """Ask a server the shortest of questions. A refusal is an answer.

    Raises TransientError for a server that hangs, and for one that nobody can ask.
    """

    def give_up() -> None:
        raise TransientError(f"{instance.address} of {instance.stack} hangs: it gave no answer for {SHORT_SECONDS:g} s")

    try:
        with _session(shell, instance, _ALWAYS_THERE, _Answers(SHORT_SECONDS, give_up)) as session:
            session.ask("SELECT 1")
    except TransientError:
        raise
    except _NotReached as error:
        raise TransientError(f"{instance.address} of {instance.stack} cannot be asked: {error}") from error
    except ProviderError:
        return


@contextmanager
def _session(shell: Shell, instance: Instance, database: str, answers: "_Answers") -> Iterator[Psql]:
    feed = _Feed()

    def run() -> None:
        command = ("sh", "-c", _PSQL, "psql", conninfo(database))
        try:
            code = shell.pipe(instance, command, cast("BinaryIO", feed), cast("BinaryIO", answers))
            answers.end(ProviderError(f"psql ended with {code}"))
        except Exception as error:  # whatever it is belongs to who asks
            answers.end(_NotReached(str(error)))

    thread = threading.Thread(target=run, name="psql", daemon=True)
    thread.start()
    try:
        session = Psql(feed, answers)
        session.lines(_SETTINGS.rstrip().rstrip(";"))  # before it there may be warnings, as of another libc's order
        yield session
    finally:
        feed.close()
        thread.join(SHORT_SECONDS)  # of a server that hangs it stays behind, and ends with it


def conninfo(database: str) -> str:
    """What names a database to PostgreSQL's programs, whatever signs its name has."""
    quoted = database.replace("\\", "\\\\").replace("'", "\\'")
    return f"dbname='{quoted}'"


def identifier(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL has it, where backslashes stand for themselves."""
    return "'" + text.replace("'", "''") + "'"


def _complaint(lines: list[str]) -> str:
    return "PostgreSQL says: " + " ".join(line.removeprefix("psql:<stdin>:") for line in lines if line)[-500:]


class _Feed:
    """The session's input: what was asked and not sent yet."""

    def __init__(self) -> None:
        self._pieces: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._rest = b""

    def put(self, piece: bytes) -> None:
        self._pieces.put(piece)

    def close(self) -> None:
        self._pieces.put(b"")

    def read1(self, size: int) -> bytes:
        piece = self._rest or self._pieces.get()
        self._rest = piece[size:]
        return piece[:size]

    read = read1


class _Answers:
    """The session's output, line by line, and how it ended. `on_silence` is called after each `seconds` without any."""

    def __init__(self, seconds: float, on_silence: Callable[[], None]) -> None:
        self._seconds, self._on_silence = seconds, on_silence
        self._lines: queue.SimpleQueue[str | ProviderError] = queue.SimpleQueue()
        self._rest = b""
        self._last: list[str] = []

    def write(self, data: bytes) -> int:
        *lines, self._rest = (self._rest + bytes(data)).split(b"\n")
        for line in lines:
            self._lines.put(line.decode(errors="replace"))
        return len(data)

    def flush(self) -> None:
        """Every line is handed on at once."""

    def end(self, why: ProviderError) -> None:
        self._lines.put(why)

    def line(self) -> str:
        line = self._next()
        if isinstance(line, str):
            self._last = [*self._last, line][-5:]
            return line
        self._lines.put(line)  # whoever asks again is told the same
        if complaints := [text for text in self._last if "ERROR:" in text or "FATAL:" in text]:
            raise ProviderError(_complaint(complaints))
        raise line

    def _next(self) -> str | ProviderError:
        for _ in range(int(stream.LONGEST_SECONDS / self._seconds)):
            with suppress(queue.Empty):
                return self._lines.get(timeout=self._seconds)
            self._on_silence()
        raise TransientError(f"PostgreSQL gave no answer for {stream.LONGEST_SECONDS:g} s")
