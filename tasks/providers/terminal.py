"""The terminal of who asks for a command: its keys go to the command, and its size is the command's."""

import fcntl
import signal
import struct
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def raw_keys() -> Iterator[None]:
    """Every key goes to the command as it is typed, Ctrl-C too. The terminal is as before at the end."""
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    tty.setraw(keyboard, termios.TCSADRAIN)  # what was typed already is for the command
    try:
        yield
    finally:
        with suppress(termios.error):  # the terminal was closed meanwhile
            termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


@contextmanager
def size_told(resize: Callable[[int, int], None]) -> Iterator[None]:
    """Call `resize` with the terminal's rows and columns now, and whenever they change."""

    def tell(*_: object) -> None:
        rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(1, termios.TIOCGWINSZ, bytes(8)))
        resize(rows, columns)

    tell()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGWINCH, tell)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
