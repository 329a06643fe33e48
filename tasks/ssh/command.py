"""One command on a session channel: its input, its output, its end, and a limit on all of them together."""

import select
import shlex
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from paramiko import SSHException

from infra_specs.errors import ProviderError

MOST_OUTPUT = 16 * 2**20
"""Bytes that a command may print."""
START_SECONDS = 10.0
"""Until sshd says that a command runs."""
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended."""

    code: int
    """Its exit code; 128 or more, or -1, if a signal ended it."""
    output: bytes
    errors: bytes

    @property
    def text(self) -> str:
        """What it printed."""
        return self.output.decode("utf-8", "replace")

    @property
    def failure_text(self) -> str:
        """The last line of its errors, or else of its output."""
        lines = (self.errors or self.output).decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip() if lines else f"exit code {self.code}"


def line_of(script: str, *, sudo: bool) -> str:
    """The line that runs a POSIX shell script, whatever shell the account has."""
    shell = f"sh -c {shlex.quote(script)}"
    return f"env LC_ALL=C sudo -n -- {shell}" if sudo else shell


def run(channel: Any, line: str, data: bytes, timeout: float) -> CommandResult:
    """Run a line with this input, and wait for its end. TimeoutError if it is not there after `timeout` seconds.

    Raises what paramiko does if the connection breaks, and EOFError if it ended without the command's end.
    """
    deadline = time.monotonic() + timeout
    channel.settimeout(timeout)
    _start(channel, line, min(timeout, START_SECONDS))
    threading.Thread(target=_send, args=(channel, data), name="ssh input", daemon=True).start()
    output, errors = _printed(channel, deadline)
    if not channel.status_event.wait(max(0.0, deadline - time.monotonic())):
        raise TimeoutError
    if channel.exit_status == -1 and not channel.get_transport().is_active():
        raise EOFError
    return CommandResult(channel.exit_status, bytes(output), bytes(errors))


def close(channel: Any) -> None:
    """Close a channel, whatever has become of its connection."""
    with suppress(SSHException, OSError, EOFError):
        channel.close()


def _start(channel: Any, line: str, seconds: float) -> None:
    """Paramiko waits for ever until sshd says that the command runs; closing the channel ends the wait."""
    late = threading.Event()

    def end() -> None:
        late.set()
        close(channel)

    watchdog = threading.Timer(seconds, end)
    watchdog.daemon = True
    watchdog.start()
    try:
        channel.exec_command(line)
    except SSHException:
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        watchdog.cancel()


def _printed(channel: Any, deadline: float) -> tuple[bytearray, bytearray]:
    """All of the output and of the errors."""
    output, errors = bytearray(), bytearray()
    poll = select.poll()
    poll.register(channel.fileno(), select.POLLIN)
    while True:
        if channel.recv_ready():
            output += channel.recv(_CHUNK)
        elif channel.recv_stderr_ready():
            errors += channel.recv_stderr(_CHUNK)
        elif channel.eof_received or channel.closed:
            if not channel.recv_ready() and not channel.recv_stderr_ready():
                return output, errors
        else:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise TimeoutError
        if len(output) + len(errors) > MOST_OUTPUT:
            raise ProviderError(f"a command printed more than {MOST_OUTPUT // 2**20} MB.")


def _send(channel: Any, data: bytes) -> None:
    """A command need not read its input; who does not waits for nobody."""
    with suppress(SSHException, OSError, EOFError):
        channel.sendall(data)
        channel.shutdown_write()
