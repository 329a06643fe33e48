"""A command in a session of its own, which never has the terminal of who asks: all that passes is bytes.

At a terminal it gets another one (a pty). Without, it inherits files and pipes; a terminal among them becomes a pipe.
"""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tasks.providers.local.commands.relay import TypedInput, relay, signal_group
from tasks.providers.terminal import raw_keys, size_told

_PASSED_ON = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)
_STREAMS = (0, 1, 2)


@dataclass
class _Ends:
    """Of one command: the streams that it gets, and our ends of those that are relayed."""

    given: list[int] = field(default_factory=lambda: list(_STREAMS))
    keys: TypedInput | None = None
    output: dict[int, int] = field(default_factory=dict)
    """Our end of each output, and the stream of ours where it is shown."""
    theirs: set[int] = field(default_factory=set)
    """The command's own ends, which we close once it has them."""


def run(
    command: Sequence[str],
    env: Mapping[str, str],
    enter: Callable[[], None],
    *,
    terminal: bool,
    owner: int | None = None,
) -> int:
    """Run it to its end; returns its exit code as `subprocess` counts. `enter` is called in the child, at first.

    `owner` is the account of its terminal. Raises what `subprocess.Popen` raises.
    """
    terminal = terminal and os.isatty(0) and os.isatty(1)
    sys.stdout.flush()
    with ExitStack() as stack:
        ends = _terminal(stack, owner) if terminal else _pipes(stack)

        def start() -> None:
            if terminal:
                _take_terminal()
            enter()

        children: list[subprocess.Popen[bytes]] = []
        stack.enter_context(_signals_passed_on(children))
        if terminal:
            stack.enter_context(raw_keys())
        stdin, stdout, stderr = ends.given
        child = subprocess.Popen(
            list(command),
            env=env,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=start,  # noqa: PLW1509 - the child is another account before it does anything
        )
        children.append(child)
        _close(ends.theirs)  # so that the end of a pipe is seen
        relay(child, ends.keys, ends.output, at_terminal=terminal)
        return child.wait()


def _take_terminal() -> None:
    """In the child: its pty is its own, and sends it signals, whatever we ignore."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in _PASSED_ON:
        signal.signal(number, signal.SIG_DFL)


def _terminal(stack: ExitStack, owner: int | None) -> _Ends:
    """A pty with the settings and the size of this terminal. We hold the command's end, too: it may open it late."""
    ours, theirs = pty.openpty()
    stack.callback(os.close, theirs)
    if owner is not None:
        os.fchown(theirs, owner, -1)
    termios.tcsetattr(theirs, termios.TCSANOW, termios.tcgetattr(0))

    def resize(rows: int, columns: int) -> None:
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    keys = TypedInput(os.dup(ours))
    stack.callback(keys.close)
    stack.callback(os.close, ours)
    stack.enter_context(size_told(resize))
    return _Ends([theirs, theirs, theirs if os.isatty(2) else 2], keys, {ours: 1})


def _pipes(stack: ExitStack) -> _Ends:
    """Files and pipes as they are; a pipe in place of each terminal."""
    ends = _Ends()
    stack.callback(_close, ends.theirs)
    for stream in filter(os.isatty, _STREAMS):
        reader, writer = os.pipe()
        if stream == 0:
            ends.keys = TypedInput(writer)
            stack.callback(ends.keys.close)
        else:
            ends.output[reader] = stream
            os.set_blocking(reader, False)
            stack.callback(os.close, reader)
        ends.given[stream] = reader if stream == 0 else writer
        ends.theirs.add(ends.given[stream])
    return ends


@contextmanager
def _signals_passed_on(children: "Sequence[subprocess.Popen[bytes]]") -> Iterator[None]:
    """Ctrl-C and the like are for the command to answer: it is in a session of its own, so they are passed on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def pass_on(number: int, _: object) -> None:
        for child in children:
            signal_group(child, number)

    # A function, not SIG_IGN: that the command would inherit. What is ignored already stays so (nohup).
    before = [(number, signal.getsignal(number)) for number in _PASSED_ON]
    changed = [(number, handler) for number, handler in before if handler is not signal.SIG_IGN]
    for number, _ in changed:
        signal.signal(number, pass_on)
    try:
        yield
    finally:
        for number, handler in changed:
            signal.signal(number, handler)


def _close(ends: set[int]) -> None:
    while ends:
        os.close(ends.pop())
