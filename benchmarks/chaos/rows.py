"""Rows are written one after the other for as long as it lasts: what was acknowledged must be there at the end."""

import threading
import time
from collections.abc import Callable

import psycopg

PAUSE_SECONDS = 0.02
CONNECT_SECONDS = 3
_MAKE = "create table if not exists chaos (number bigint primary key)"


class Writer:
    """Writes from `start` until `stop`, from a thread; after an error over a new connection."""

    def __init__(self, address: Callable[[], tuple[str, int]], password: str) -> None:
        self._address, self._password = address, password
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._number = 0
        self.acknowledged: list[int] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ends.set()
        self._thread.join(60)

    def lost(self) -> list[int]:
        """The acknowledged rows that are not there."""
        with self._connected() as connection:
            numbers = {number for (number,) in connection.execute("select number from chaos").fetchall()}
        return [number for number in self.acknowledged if number not in numbers]

    def _write(self) -> None:
        while not self._ends.is_set():
            try:
                with self._connected() as connection:
                    connection.execute(_MAKE)
                    self._write_over(connection)
            except (psycopg.Error, OSError):
                time.sleep(0.2)

    def _write_over(self, connection: "psycopg.Connection[tuple[int, ...]]") -> None:
        while not self._ends.wait(PAUSE_SECONDS):
            self._number += 1
            connection.execute("insert into chaos values (%s)", (self._number,))
            self.acknowledged.append(self._number)

    def _connected(self) -> "psycopg.Connection[tuple[int, ...]]":
        host, port = self._address()
        return psycopg.connect(
            host=host,
            port=port,
            user="app",
            dbname="app",
            password=self._password,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            tcp_user_timeout=10_000,
            options="-c statement_timeout=20000",
        )
