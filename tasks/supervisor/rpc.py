"""One call to a folder's supervisor: a line of JSON each way, over a connection of its own."""

import json
import socket
import time
from pathlib import Path
from typing import Any

from infra_specs.errors import PortTaken, ProviderError, TransientError
from tasks.supervisor.folder import SOCKET, is_held, short
from tasks.supervisor.lock_holders import end_stopped_holders
from tasks.supervisor.peer import is_trusted

ANSWER_SECONDS = 30.0
"""A busy supervisor says every second that it still works; silence for so long means that it does not."""
CONNECT_SECONDS = 10.0
_TIMES_ASKED = 3
_POLL_SECONDS = 0.005


def call(folder: Path, request: dict[str, Any], *, connect_seconds: float = CONNECT_SECONDS) -> Any:
    """One request and its answer. A supervisor that dies meanwhile is waited for and asked again: all verbs may be."""
    deadline = time.monotonic() + connect_seconds
    times_asked = 0
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as connection, short(folder / SOCKET) as path:
                connection.settimeout(ANSWER_SECONDS)
                connection.connect(path)
                if not is_trusted(connection):
                    raise ProviderError(f"another account listens on {folder / SOCKET}: look who made that file")
                times_asked += 1
                connection.sendall(json.dumps(request).encode() + b"\n")
                return _answer(folder, connection)
        except (ConnectionRefusedError, FileNotFoundError) as error:
            if time.monotonic() >= deadline or not is_held(folder):
                failure = f"no supervisor runs for {folder}"
                raise TransientError(failure + (_why_silent(folder) if connect_seconds else "")) from error
            time.sleep(_POLL_SECONDS)  # nothing tells that a supervisor listens
        except TimeoutError as error:
            failure = f"the supervisor of {folder} said nothing for {ANSWER_SECONDS:g} s"
            raise TransientError(failure + _why_silent(folder)) from error
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


def _why_silent(folder: Path) -> str:
    return ": it was stopped, and is ended so that another takes its place" if end_stopped_holders(folder) else ""


def _error(answer: dict[str, Any]) -> ProviderError:
    if answer["transient"]:
        return TransientError(answer["error"])
    # A supervisor of an earlier version says nothing of ports.
    return PortTaken(answer["error"]) if answer.get("port_taken") else ProviderError(answer["error"])
