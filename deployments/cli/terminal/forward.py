"""A port of this machine's loopback whose connections are carried on, until the program is interrupted."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

PIECE = 64 * 1024
"""Bytes that are carried at once."""


def carry_on(server: socket.socket, connect: Callable[[], Any], refused: Callable[[Exception], None]) -> None:
    """Carry every connection of a listening socket on over one of its own, until the socket is closed.

    `connect` opens the way on: what it gives has `recv`, `sendall`, `shutdown` and `close`, as a socket has. Where it
    raises, that one connection ends, and `refused` is told.
    """
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_carry, args=(client, connect, refused), daemon=True).start()


def _carry(client: socket.socket, connect: Callable[[], Any], refused: Callable[[Exception], None]) -> None:
    with client:
        try:
            onward = connect()
        except Exception as error:  # whatever it is, the next connection may succeed
            refused(error)
            return
        try:
            back = threading.Thread(target=_pump, args=(onward, client), daemon=True)
            back.start()
            _pump(client, onward)
            back.join()
        finally:
            onward.close()


def _pump(source: Any, sink: Any) -> None:
    """Until the source ends, or either breaks; then the sink is told that no more comes."""
    with suppress(OSError, EOFError):
        while data := source.recv(PIECE):
            sink.sendall(data)
    with suppress(OSError, EOFError):
        sink.shutdown(socket.SHUT_WR)
