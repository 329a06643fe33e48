"""One call to a folder's supervisor: a line of JSON each way, over a connection of its own."""

import json
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from infra_specs.errors import PortTaken, ProviderError, TransientError
from tasks.supervisor.folder import SOCKET, is_held, short
from tasks.supervisor.hang import is_stopped
from tasks.supervisor.identity import guardian_of
from tasks.supervisor.peer import is_trusted, pid_of

ANSWER_SECONDS = 30.0
"""A busy supervisor says every second that it still works; silence for so long means that it does not."""
CONNECT_SECONDS = 10.0
_TIMES_ASKED = 3
_POLL_SECONDS = 0.005


def call(folder: Path, request: dict[str, Any], *, connect_seconds: float = CONNECT_SECONDS) -> Any:
    """One request and its answer. A supervisor that dies meanwhile is waited for and asked again: all verbs may be."""
    deadline = time.monotonic() + connect_seconds
    times_asked = 0
    listener: int | None = None
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as connection, short(folder / SOCKET) as path:
                connection.settimeout(ANSWER_SECONDS)
                connection.connect(path)
                if not is_trusted(connection):
                    raise ProviderError(f"another account listens on {folder / SOCKET}: look who made that file")
                times_asked, listener = times_asked + 1, pid_of(connection)
                connection.sendall(json.dumps(request).encode() + b"\n")
                return _answer(folder, connection)
        except (ConnectionRefusedError, FileNotFoundError) as error:
            if time.monotonic() >= deadline or not is_held(folder):
                raise TransientError(f"no supervisor runs for {folder}") from error
            time.sleep(_POLL_SECONDS)  # nothing tells that a supervisor listens
        except TimeoutError as error:
            ended = _end_stopped(listener)
            raise TransientError(
                f"the supervisor of {folder} said nothing for {ANSWER_SECONDS:g} s"
                + (": it was stopped, and is ended so that another takes its place" if ended else "")
            ) from error
        except (ConnectionError, EOFError) as error:
            if times_asked >= _TIMES_ASKED or not connect_seconds:
                raise TransientError(f"the supervisor of {folder} broke off the call") from error
            deadline = time.monotonic() + connect_seconds
        except OSError as error:
            raise ProviderError(f"the supervisor of {folder} cannot be reached: {error.strerror}") from error


def _answer(folder: Path, connection: socket.socket) -> Any:
    with connection.makefile("rb") as lines:
        for line in lines:
            if line.endswith(b"\n") and line != b"\n":
                answer = json.loads(line)
                if "error" in answer:
                    raise _error(answer)
                return answer["answer"]
    raise EOFError(folder)


def _end_stopped(supervisor: int | None) -> bool:
    """Kill the supervisor with this pid if it and its guardian are both stopped; whether they were.

    The two watch each other, so that only both at once stay so. What they keep runs on, and the next one adopts it.
    """
    guardian = guardian_of(supervisor) if supervisor else None
    pids = [pid for pid in (guardian, supervisor) if pid]
    if not pids or not all(map(is_stopped, pids)):
        return False
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return True


def _error(answer: dict[str, Any]) -> ProviderError:
    if answer["transient"]:
        return TransientError(answer["error"])
    # A supervisor of an earlier version says nothing of ports.
    return PortTaken(answer["error"]) if answer.get("port_taken") else ProviderError(answer["error"])
