"""Clients that put numbered jobs into a queue as fast as it acknowledges them, and one that counts what is there."""

import socket
from collections.abc import Callable, Sequence
from threading import Event, Thread

WRITERS = 8
JOBS = "jobs"
_PADDING = "x" * 200
_SECONDS = 5.0
Where = Callable[[], tuple[str, int] | None]


class Connection:
    """A connection to a Valkey. Its calls raise OSError for one that is away, and for an answer that is an error."""

    def __init__(self, where: tuple[str, int], password: str) -> None:
        self._socket = socket.create_connection(where, timeout=_SECONDS)
        self._lines = self._socket.makefile("rb")
        self.ask("AUTH", password)

    def ask(self, *words: str) -> bytes:
        """The first line of an answer."""
        parts = [word.encode() for word in words]
        self._socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        line = self._lines.readline()
        if not line or line.startswith(b"-"):
            raise OSError(line.decode(errors="replace").strip() or "the connection was closed")
        return line

    def jobs(self) -> set[str]:
        """All that wait."""
        count = int(self.ask("LRANGE", JOBS, "0", "-1")[1:])
        return {self._bulk().partition(" ")[0] for _ in range(count)}

    def close(self) -> None:
        self._socket.close()

    def _bulk(self) -> str:
        size = int(self._lines.readline()[1:])
        return self._lines.read(size + 2)[:size].decode()


class Writer(Thread):
    """One client. `acknowledged` are the jobs that the queue has answered for."""

    def __init__(self, name: str, where: Where, password: str) -> None:
        super().__init__(daemon=True)
        self._prefix, self._where, self._password = name, where, password
        self._ended = Event()
        self.acknowledged: list[str] = []
        self.refused = 0

    def run(self) -> None:
        number = 0
        while not self._ended.is_set():
            try:
                where = self._where()
                connection = Connection(where, self._password) if where else None
                while connection and not self._ended.is_set():
                    number += 1
                    connection.ask("RPUSH", JOBS, f"{self._prefix}-{number} {_PADDING}")
                    self.acknowledged.append(f"{self._prefix}-{number}")
            except OSError:
                self.refused += 1
            self._ended.wait(0.05)

    def end(self) -> None:
        self._ended.set()
        self.join()


def started(round_number: int, where: Where, password: str) -> Sequence[Writer]:
    """Writers at work."""
    writers = [Writer(f"{round_number}-{number}", where, password) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    return writers
