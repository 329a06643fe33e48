"""A session of psql beside a server: statements go in, a JSON text a line comes out."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from infra_specs.errors import ProviderError, TransientError
from infra_specs.resources.instance import Instance
from tasks.providers.seam.parts import Shell

END = "tenfold-answered"
ANSWER_SECONDS = 24 * 3600.0
"""Seconds after which an answer is given up: the checksum of a large table takes long."""
# What a row looks like as text may depend on these. Nothing that the owner of a database set ends the session.
_SETTINGS = """\
SET timezone = 'UTC'; SET datestyle = 'ISO, MDY'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1;
SET bytea_output = 'hex'; SET lc_monetary = 'C'; SET search_path = pg_catalog; SET row_security = off;
SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
SET client_min_messages = error;
"""
# What it complains of comes with its answers: a pipe drops the standard error.
_PSQL = 'exec psql -X -q -A -t -w -v ON_ERROR_STOP=1 -d "$1" 2>&1'


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
    """A session that lasts as long as the block. Its transaction is rolled back unless it was committed."""
    feed, answers = _Feed(), _Answers()

    def run() -> None:
        command = ("sh", "-c", _PSQL, "psql", conninfo(database))
        try:
            code = shell.pipe(instance, command, cast("BinaryIO", feed), cast("BinaryIO", answers))
            answers.end(f"psql ended with {code}")
        except Exception as error:  # whatever it is belongs to who asks
            answers.end(str(error))

    thread = threading.Thread(target=run, name="psql", daemon=True)
    thread.start()
    try:
        session = Psql(feed, answers)
        session.lines(_SETTINGS.rstrip().rstrip(";"))  # before it there may be warnings, as of another libc's order
        yield session
    finally:
        feed.close()
        thread.join()


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
    """The session's output, line by line, and how it ended."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[tuple[str, bool]] = queue.SimpleQueue()
        self._rest = b""
        self._last: list[str] = []

    def write(self, data: bytes) -> int:
        *lines, self._rest = (self._rest + bytes(data)).split(b"\n")
        for line in lines:
            self._lines.put((line.decode(errors="replace"), False))
        return len(data)

    def flush(self) -> None:
        """Every line is handed on at once."""

    def end(self, why: str) -> None:
        self._lines.put((why, True))

    def line(self) -> str:
        try:
            line, ended = self._lines.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            raise TransientError("PostgreSQL gave no answer for a day") from None
        if not ended:
            self._last = [*self._last, line][-5:]
            return line
        self._lines.put((line, True))  # whoever asks again is told the same
        complaints = [text for text in self._last if "ERROR:" in text or "FATAL:" in text]
        raise ProviderError(_complaint(complaints) if complaints else line)
