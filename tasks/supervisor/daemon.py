"""The supervisor itself: the processes of one folder, and the socket on which they are asked for.

One call a connection: a line of JSON each way. Empty lines before the answer say that it is being worked on. Only our
own account and root are answered.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tasks.supervisor.descriptor_store import DescriptorStore
from tasks.supervisor.folder import LOCK, LOG, SOCKET, STATE
from tasks.supervisor.lifecycle import ProcessLifecycle
from tasks.supervisor.listeners import Listeners
from tasks.supervisor.peer import is_trusted
from tasks.supervisor.process import VERSION, Process
from tasks.supervisor.replacing import Replacements, bind
from tasks.supervisor.rotate import remove, rotate
from tasks.supervisor.serialization import process_from, status_to
from tasks.supervisor.store import ProcessRecord, load, save
from tasks.supervisor.surroundings import Siblings
from tasks.supervisor.validation import RequestError, comparable, validated

_TICK_SECONDS = 2.0
_BEAT_SECONDS = 1.0
_LONGEST_LINE = 64 * 1024 * 1024


class Daemon:
    """All process lifecycles of a folder.

    Every verb may be repeated; one that is killed at any point goes on in the next daemon.
    """

    def __init__(self, folder: Path, lock: int, store: DescriptorStore | None) -> None:
        self._folder = folder
        self._lock = lock
        self._listeners = Listeners(store)
        self._lifecycles: dict[str, ProcessLifecycle] = {}
        self._siblings = Siblings(self._all_kept, self._save, self._listeners)
        self._replacements = Replacements(self._lifecycles, self._siblings, lambda: self._ending is not None)
        self._forgetting = False
        self._ending: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._unsaved = False
        self._calls: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take up what is kept, serve, and return when ended on purpose."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._end)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        self._forgetting, records = load(self._folder)
        self._lifecycles.update({record.process.name: ProcessLifecycle(record, self._siblings) for record in records})
        # A supervisor that was killed may have left the port of a process that it never recorded.
        self._listeners.keep_only(_ports_of(records))
        server = await asyncio.start_unix_server(self._call, sock=_listen(), limit=_LONGEST_LINE)
        unfinished: list[asyncio.Task[Any]] = []
        for lifecycle in list(self._lifecycles.values()):
            lifecycle.begin()
            if lifecycle.record.wanted == "stop" and lifecycle.record.state != "stopped":
                unfinished.append(asyncio.create_task(lifecycle.end("stop")))
            elif lifecycle.record.wanted == "remove":
                unfinished.append(asyncio.create_task(self._remove({"name": lifecycle.record.process.name})))
            if lifecycle.record.successor and lifecycle.record.wanted != "remove":
                unfinished.append(self._replacements.go_on(lifecycle))
        if self._forgetting:
            self._end()
        ticking = asyncio.create_task(self._tick())
        await self._ended.wait()
        ticking.cancel()
        server.close()
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
            answer = asyncio.create_task(self._answer(await reader.readline()))
            while not (await asyncio.wait([answer], timeout=_BEAT_SECONDS))[0]:
                writer.write(b"\n")
            writer.write(json.dumps(answer.result()).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            return {"answer": await getattr(self, _VERBS[request["verb"]])(request)}
        except RequestError as refused:
            return {"error": str(refused), "transient": refused.transient, "port_taken": refused.port_taken}
        except Exception as error:  # Told to the caller, and written down: one bad call must not end the others.
            traceback.print_exc()
            return {"error": f"the supervisor failed ({type(error).__name__}): see its {LOG}", "transient": False}

    async def _ping(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"pid": os.getpid(), "ending": self._ending is not None, "version": VERSION}

    async def _put(self, request: dict[str, Any]) -> dict[str, Any]:
        process = validated(process_from(request["process"]), self._folder)
        lifecycle = self._vacant(process)
        if lifecycle is None:
            if process.listen:
                bind(self._listeners, process.listen)
            lifecycle = ProcessLifecycle(ProcessRecord(process), self._siblings)
            self._lifecycles[process.name] = lifecycle
            try:
                self._save()
            except OSError as error:
                del self._lifecycles[process.name]
                self._listeners.release(process.listen)
                raise RequestError(f"{process.name}: cannot be recorded: {error.strerror}", transient=True) from error
            lifecycle.begin()
        elif comparable(lifecycle.record.successor or lifecycle.record.process) != comparable(process):
            raise RequestError(
                f"{process.name}: another process of this name is kept here: remove it or choose another name"
            )
        return status_to(lifecycle.record.status())

    async def _replace(self, request: dict[str, Any]) -> dict[str, Any]:
        process = validated(process_from(request["process"]), self._folder)
        lifecycle = self._vacant(process)
        if lifecycle is None:
            return await self._put(request)
        if comparable(lifecycle.record.process) != comparable(process) or not lifecycle.is_up():
            lifecycle = await self._replacements.replace(process.name, process)
        return status_to(lifecycle.record.status())

    def _vacant(self, process: Process) -> ProcessLifecycle | None:
        """What is kept under its name now. RequestError if the process or its log conflicts with another."""
        lifecycle = self._lifecycles.get(process.name)
        if self._ending or (lifecycle and lifecycle.record.wanted == "remove"):
            raise RequestError(f"{process.name}: not now, what runs here is being ended", transient=True)
        others = [other.record for other in self._lifecycles.values() if other is not lifecycle]
        logs = {record.process.log for record in others} | {
            record.successor.log for record in others if record.successor
        }
        if process.log in logs:
            raise RequestError(f"{process.name}: another process already writes to {process.log}")
        return lifecycle

    async def _list(self, _request: dict[str, Any]) -> list[dict[str, Any]]:
        return [status_to(self._lifecycles[name].record.status()) for name in sorted(self._lifecycles)]

    async def _get(self, request: dict[str, Any]) -> dict[str, Any] | None:
        lifecycle = self._lifecycles.get(request["name"])
        return status_to(lifecycle.record.status()) if lifecycle else None

    async def _label(self, request: dict[str, Any]) -> dict[str, Any]:
        lifecycle = self._lifecycles.get(request["name"])
        if lifecycle is None:
            raise RequestError(f"{request['name']}: no such process is kept here")
        lifecycle.label(request["labels"])
        return status_to(lifecycle.record.status())

    async def _stop(self, request: dict[str, Any]) -> None:
        if lifecycle := self._lifecycles.get(request["name"]):
            await lifecycle.end("stop")

    async def _remove(self, request: dict[str, Any]) -> None:
        lifecycle = self._lifecycles.get(request["name"])
        if lifecycle is None:
            return
        await lifecycle.end("remove")
        if self._lifecycles.get(request["name"]) is lifecycle:
            remove(Path(lifecycle.record.process.log))
            del self._lifecycles[request["name"]]
            self._save()

    async def _shutdown(self, _request: dict[str, Any]) -> None:
        self._forgetting = True
        self._save()
        self._end()
        if self._ending:
            await self._ending

    def _end(self) -> None:
        """End on purpose. What is not to be forgotten starts again with the next supervisor: after a reboot, say."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end_all())

    async def _end_all(self) -> None:
        await asyncio.gather(*(lifecycle.end(None) for lifecycle in self._lifecycles.values()))
        self._listeners.keep_only(())
        if self._forgetting:
            (self._folder / STATE).unlink(missing_ok=True)
        self._ended.set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            if not self._has_folder():
                print("the folder was deleted: ending what ran in it", flush=True)
                self._forgetting = True
                self._end()
                return
            if self._unsaved:
                with suppress(OSError):
                    self._save()
            for log in [Path(LOG), *(Path(lifecycle.record.process.log) for lifecycle in self._lifecycles.values())]:
                try:
                    await rotate(log)
                except OSError as error:
                    print(f"{log}: cannot be rotated: {error.strerror}", flush=True)

    def _has_folder(self) -> bool:
        try:
            return os.path.samestat((self._folder / LOCK).stat(), os.fstat(self._lock))
        except OSError:
            return False

    def _save(self) -> None:
        self._unsaved = True
        save(self._folder, self._all_kept(), forgetting=self._forgetting)
        self._unsaved = False

    def _all_kept(self) -> list[ProcessRecord]:
        return [lifecycle.record for lifecycle in self._lifecycles.values()]


_VERBS = {verb: f"_{verb}" for verb in ("ping", "put", "replace", "list", "get", "label", "stop", "remove", "shutdown")}


def run(
    folder: str, lock: int, guardian: int, take_over: Callable[[], None], store: tuple[int, int] | None = None
) -> None:
    """Returns when ended on purpose. `take_over` is called once should the guardian die; it may return.

    `store`: the guardian's socket pair for descriptors; a guardian that an earlier version started has none.
    """

    async def supervised() -> None:
        _mind(guardian, take_over)
        await Daemon(Path(folder), lock, DescriptorStore(store) if store else None).run()

    asyncio.run(supervised())


def _mind(guardian: int, take_over: Callable[[], None]) -> None:
    if sys.platform != "linux":
        return
    loop = asyncio.get_running_loop()

    def lost(descriptor: int) -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        take_over()

    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(guardian)
        # Compared only after it is held: from here on the pid cannot come to mean another.
        if os.getppid() == guardian:
            loop.add_reader(descriptor, lost, descriptor)
            return
        os.close(descriptor)
    take_over()


def _ports_of(records: list[ProcessRecord]) -> set[int]:
    running = [record for record in records if record.wanted == "run"]
    return {record.process.listen for record in running} | {
        record.successor.listen for record in running if record.successor
    }


def _listen() -> socket.socket:
    """By its bare name, as the current folder is ours: no path is too long for that. Private, as the folder is."""
    _unlisten()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    Path(SOCKET).chmod(0o600)
    return listener


def _unlisten() -> None:
    Path(SOCKET).unlink(missing_ok=True)
