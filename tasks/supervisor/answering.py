"""The socket on which a supervisor is asked.

One call a connection: a line of JSON each way. Empty lines before the answer say that it is being worked on. Who asks
to follow gets a line for each change until it closes the connection. Only our own account and root are answered.
"""

import asyncio
import json
import socket
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tasks.supervisor.folder import LOG, SOCKET
from tasks.supervisor.followers import Followers
from tasks.supervisor.peer import is_trusted
from tasks.supervisor.validation import RequestError

_BEAT_SECONDS = 1.0
_LONGEST_LINE = 64 * 1024 * 1024
_FOLLOW = "follow"
Verb = Callable[[dict[str, Any]], Awaitable[Any]]


class Answering:
    """Answers requests by their verb, from `open` to `close`, in the current folder."""

    def __init__(self, verbs: Mapping[str, Verb], followers: Followers) -> None:
        self._verbs, self._followers = verbs, followers
        self._calls: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Answer from now on."""
        self._server = await asyncio.start_unix_server(self._call, sock=_listen(), limit=_LONGEST_LINE)

    async def close(self) -> None:
        """Take no more calls, and leave those under way a moment to end."""
        if self._server:
            self._server.close()
        self._followers.end()
        if self._calls:
            await asyncio.wait(self._calls, timeout=_BEAT_SECONDS)
        _unlisten()

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        if this:
            self._calls.add(this)
            this.add_done_callback(self._calls.discard)
        with suppress(ConnectionError):
            if not is_trusted(writer.get_extra_info("socket")):
                writer.close()
                return
            line = await reader.readline()
            if _asks_to_follow(line):
                await self._followers.follow(reader, writer)
                writer.close()
                return
            answer = asyncio.create_task(self._answer(line))
            while not (await asyncio.wait([answer], timeout=_BEAT_SECONDS))[0]:
                writer.write(b"\n")
            writer.write(json.dumps(answer.result()).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            return {"answer": await self._verbs[request["verb"]](request)}
        except RequestError as error:
            return {"error": str(error), "transient": error.transient, "port_taken": error.port_taken}
        except Exception as error:  # Told to the caller, and written down: one bad call must not end the others.
            traceback.print_exc()
            return {"error": f"the supervisor failed ({type(error).__name__}): see its {LOG}", "transient": False}


def _asks_to_follow(line: bytes) -> bool:
    with suppress(ValueError, KeyError, TypeError):
        return bool(json.loads(line)["verb"] == _FOLLOW)
    return False


def _listen() -> socket.socket:
    """By its bare name, as the current folder is ours: no path is too long for that. Private, as the folder is."""
    _unlisten()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    Path(SOCKET).chmod(0o600)
    return listener


def _unlisten() -> None:
    Path(SOCKET).unlink(missing_ok=True)
