"""A command beside a replica's program, as a person gives it: with pipes, and at a terminal. The same everywhere.

Each is run by a process of its own, since it takes that process's input and output.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from infra_specs.resources.instance import Instance
from tasks.providers.seam.provider import KindProvider
from tests.tasks.providers.routes import stack

PATIENCE = 60.0
script = """
import json, sys
{opens}
one = next(each for each in provider.observe({stack!r}) if each.kind == "replica")
sys.exit(provider.shell.execute(one, json.loads({command!r}), terminal={terminal}))
"""


class ExecuteContract:
    """Subclass it with fixtures `provider`, `opens` (the lines that open the same one anew) and `one` (a replica with
    MODE=fast)."""

    def program(self, opens: str, command: Sequence[str], terminal: bool) -> list[str]:
        text = script.format(opens=opens, stack=stack, command=json.dumps(list(command)), terminal=terminal)
        return [sys.executable, "-c", text]

    def piped(self, opens: str, command: Sequence[str], text: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.program(opens, command, False), input=text, capture_output=True, text=True, timeout=PATIENCE,
            check=False, cwd=Path(__file__).parents[4],
        )  # fmt: skip

    def test_it_can(self, provider: KindProvider) -> None:
        assert provider.shell is not None

    def test_output_errors_and_exit_code_are_its_own(self, one: Instance, opens: str) -> None:
        ended = self.piped(opens, ["sh", "-c", "echo $MODE; echo wrong >&2; exit 7"])
        assert (ended.stdout, ended.stderr, ended.returncode) == ("fast\n", "wrong\n", 7)

    def test_it_reads_what_is_piped_in_to_its_end(self, one: Instance, opens: str) -> None:
        lines = "".join(f"line {number}\n" for number in range(20_000))
        ended = self.piped(opens, ["sh", "-c", "cat; echo end"], lines)
        assert ended.stdout == f"{lines}end\n"
        assert ended.returncode == 0

    def test_what_is_not_there_says_so(self, one: Instance, opens: str) -> None:
        ended = self.piped(opens, ["no-such-program"])
        assert ended.returncode != 0
        assert "no-such-program" in ended.stdout + ended.stderr

    def in_a_terminal(self, opens: str) -> tuple[int, int]:
        """The pid of a shell that is opened in a new terminal, and the terminal's descriptor."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(Path(__file__).parents[4])
            program = self.program(opens, ["sh"], True)
            os.execv(program[0], program)
        return pid, terminal

    def test_a_terminal_is_passed_on_with_its_width_and_ctrl_c(self, one: Instance, opens: str) -> None:
        pid, terminal = self.in_a_terminal(opens)
        try:
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 41, 123, 0, 0))
            _type(terminal, "test -t 0 && test -t 1 && echo at $MODE\n", "at fast")
            _type(terminal, "trap 'echo inter''rupted' INT; sleep 1000\n")
            time.sleep(1.0)
            _type(terminal, "\x03", "interrupted")
            _type(terminal, "exit 5\n")
            assert os.waitstatus_to_exitcode(_waited(pid)) == 5
        finally:
            os.close(terminal)

    def test_a_window_that_changes_is_followed(self, one: Instance, opens: str, sizes: Sequence[str]) -> None:
        if not sizes:
            pytest.skip("nothing in this image can say how wide a terminal is")
        pid, terminal = self.in_a_terminal(opens)
        try:
            _type(terminal, "echo rea''dy\n", "ready")
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 41, 123, 0, 0))
            os.kill(pid, signal.SIGWINCH)
            until = time.monotonic() + PATIENCE
            while "41 123" not in _type(terminal, f"{' '.join(sizes)}; echo do''ne\n", "done"):
                assert time.monotonic() < until, "its terminal never got the new size"
                time.sleep(0.2)
            _type(terminal, "exit 0\n")
            assert os.waitstatus_to_exitcode(_waited(pid)) == 0
        finally:
            os.close(terminal)


def _type(terminal: int, keys: str, until: str = "") -> str:
    """Type, and read until something is there."""
    os.write(terminal, keys.encode())
    seen, deadline = "", time.monotonic() + PATIENCE
    while until not in seen:
        assert time.monotonic() < deadline, f"{until!r} never came, but {seen!r}"
        if select.select([terminal], [], [], 0.2)[0]:
            seen += os.read(terminal, 65536).decode(errors="replace")
    return seen


def _waited(pid: int) -> int:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("it never ended")
