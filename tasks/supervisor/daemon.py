"""The supervisor itself: the processes of one folder, and what is asked of them."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tasks.supervisor.answering import Answering
from tasks.supervisor.descriptor_store import DescriptorStore
from tasks.supervisor.folder import LOCK, LOG, STATE
from tasks.supervisor.followers import Followers
from tasks.supervisor.launcher import Launcher
from tasks.supervisor.lifecycle import ProcessLifecycle
from tasks.supervisor.line import Line
from tasks.supervisor.listeners import Listeners
from tasks.supervisor.process import VERSION, Process
from tasks.supervisor.replacing import Replacements, bind
from tasks.supervisor.rotate import remove, rotate
from tasks.supervisor.serialization import process_from, status_to
from tasks.supervisor.store import ProcessRecord, load, save
from tasks.supervisor.surroundings import Siblings
from tasks.supervisor.validation import RequestError, comparable, validated
from tasks.supervisor.watch_guardian import ask_guardian, watch_guardian

_TICK_SECONDS = 2.0


class Daemon:
    """All process lifecycles of a folder.

    Every verb may be repeated; one that is killed at any point goes on in the next daemon.
    """

    def __init__(self, folder: Path, lock: int, store: DescriptorStore | None, launcher: Launcher | None) -> None:
        self._folder = folder
        self._lock = lock
        self._listeners = Listeners(store)
        self._lifecycles: dict[str, ProcessLifecycle] = {}
        self._followers = Followers()
        self._siblings = Siblings(
            self._all_kept, self._save, self._listeners, launcher, folder, tell=self._followers.tell
        )
        self._replacements = Replacements(self._lifecycles, self._siblings, lambda: self._ending is not None)
        self._forgetting = False
        self._ending: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._unsaved = False
        self._answering = Answering({verb: getattr(self, f"_{verb}") for verb in _VERBS}, self._followers)

    async def run(self) -> None:
        """Take up what is kept, serve, and return when ended on purpose."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._end)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        self._forgetting, records = load(self._folder)
        self._lifecycles.update({record.process.name: ProcessLifecycle(record, self._siblings) for record in records})
        # A supervisor that was killed may have left the port of a process that it never recorded.
        self._listeners.keep_only(_ports_of(records))
        await self._answering.open()
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
        await self._answering.close()

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


_VERBS = ("ping", "put", "replace", "list", "get", "label", "stop", "remove", "shutdown")


def run(
    folder: str,
    lock: int,
    guardian: int,
    take_over: Callable[[], None],
    store: tuple[int, int] | None = None,
    *,
    line: int | None = None,
    launcher: Launcher | None = None,
) -> None:
    """Returns when ended on purpose. `take_over` is called once should the guardian die; it may return.

    `store`: the guardian's socket pair for descriptors; `line`: where the two ask each other whether they work;
    `launcher`: forks what is owned. A guardian that an earlier version started has none: then one is forked here.
    """
    owning = launcher or (Launcher() if sys.platform == "linux" else None)

    async def supervised() -> None:
        watch_guardian(guardian, take_over)
        asking = asyncio.create_task(ask_guardian(Line(line, guardian), guardian)) if line is not None else None
        await Daemon(Path(folder), lock, DescriptorStore(store) if store else None, owning).run()
        if asking:
            asking.cancel()

    asyncio.run(supervised())


def _ports_of(records: list[ProcessRecord]) -> set[int]:
    running = [record for record in records if record.wanted == "run"]
    return {record.process.listen for record in running} | {
        record.successor.listen for record in running if record.successor
    }
