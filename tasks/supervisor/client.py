"""How the rest of Tenfold has processes kept: one supervisor a folder, asked over its socket."""

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra_specs.errors import ProviderError, TransientError
from tasks.supervisor.folder import LOG, STATE, is_held
from tasks.supervisor.identity import Identity, guardian_of
from tasks.supervisor.mark import end_marked, mark_of
from tasks.supervisor.process import VERSION, Process, Status
from tasks.supervisor.rotate import tail
from tasks.supervisor.rpc import ANSWER_SECONDS, call
from tasks.supervisor.serialization import process_to, status_from
from tasks.supervisor.starting import START_SECONDS, own, start
from tasks.supervisor.strays import end_strays, note_strays, strays_of

_POLL_SECONDS = 0.005


class Supervisor:
    """A folder's supervisor. Holds no connection: may be used by many threads and across the supervisor's death.
    A call that its death interrupts is made again to the one that its guardian starts.

    TransientError: it was not there or did not answer, and the same call may succeed later. ProviderError: it will not.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def start(cls, folder: Path) -> "Supervisor":
        """The folder's supervisor, started if none runs; returns when it answers.

        What an earlier one left running is adopted with the same pids, what has ended meanwhile (a reboot, say) is
        started again. Any number may call this at once. The folder is made, for its owner's eyes only.
        """
        return cls(start(folder))

    @classmethod
    def find(cls, folder: Path) -> "Supervisor | None":
        """The supervisor that runs for a folder, None if none does; starts nothing.

        None says nothing of processes: they outlive a supervisor that was killed. Where `was_left` is true, `start`
        gets them back under supervision, so a caller that must see everything calls that.
        """
        with own(folder):
            folder = folder.resolve()
            return cls(folder) if is_held(folder) else None

    @staticmethod
    def was_left(folder: Path) -> bool:
        """Whether processes are kept for this folder, by a supervisor that runs or by one that was killed."""
        with own(folder):
            return (folder / STATE).is_file()

    def pid(self) -> int:
        """The supervisor's own; its parent is the guardian."""
        return int(self._call("ping")["pid"])

    def is_current(self) -> bool:
        """Whether it knows all that this version asks of it; one that an earlier version started does not."""
        return _is_current(self._call("ping"))

    def renewed(self) -> "Supervisor":
        """The folder's supervisor, of this version: started if none runs, put in the place of an earlier one.

        What that keeps runs on, and is adopted. Any number may call this at once.
        TransientError while something runs `once`: only the one that started it sees how it ends.
        """
        deadline = time.monotonic() + START_SECONDS
        while True:
            supervisor = Supervisor.start(self.folder)
            try:
                answer = supervisor._call("ping")
                if _is_current(answer):
                    return supervisor
                statuses = supervisor.list()
            except TransientError:
                if time.monotonic() >= deadline:
                    raise
                continue  # another caller ended it meanwhile
            if busy := [status.process.name for status in statuses if status.process.once and status.pid]:
                raise TransientError(f"the supervisor of {self.folder} is replaced once {', '.join(busy)} has ended")
            if time.monotonic() >= deadline:
                raise TransientError(
                    f"the supervisor of {self.folder} (pid {answer['pid']}) is of an earlier version and did not end "
                    f"within {START_SECONDS:g} s: look into {LOG} there, and try again"
                )
            kept = [status.pid for status in statuses if status.pid]
            with suppress(OSError):  # a full disk must not keep an earlier version in its place
                note_strays(self.folder, strays_of(self.folder, answer["pid"], kept, mark_of(self.folder, "")))
            # Asked to end, it would stop what it keeps. Either may have started a successor meanwhile: look again.
            _kill(answer["pid"])

    def put(self, process: Process) -> Status:
        """Keep it running from now on; returns at once, usually while it is starting.

        An equal one (labels aside) of the same name: its status, whatever that is; nothing is started. A different
        one of that name: ProviderError. PortTaken: another program has its `listen` port; nothing is kept then.
        """
        status = status_from(self._call("put", process=process_to(process)))
        if status.process.listen != process.listen:
            self.remove(process.name)
            raise ProviderError(
                f"the supervisor of {self.folder} was started by an earlier version, which holds no ports: "
                "shut it down and start it again"
            )
        return status

    def replace(self, process: Process) -> Status:
        """Keep it running from now on in place of the one of its name; returns when that is gone and this one kept.

        The port of both stays bound, and connections wait meanwhile: no other program can have it. An equal one
        (labels aside) that is starting or healthy: its status. None of its name: `put`. PortTaken: another program has
        its `listen` port; what is kept stays then.
        """
        return status_from(self._call("replace", process=process_to(process)))

    def list(self) -> tuple[Status, ...]:
        """All that are kept, stopped and failed ones too, sorted by name."""
        return tuple(status_from(status) for status in self._call("list"))

    def get(self, name: str) -> Status | None:
        """One of them; None if it is not kept."""
        status = self._call("get", name=name)
        return status_from(status) if status else None

    def label(self, name: str, labels: Mapping[str, Any]) -> Status:
        """Replace a process's labels; it runs on. Not kept: ProviderError."""
        return status_from(self._call("label", name=name, labels=dict(labels)))

    def stop(self, name: str) -> None:
        """Stop it and return when it is gone, its children too. It stays listed, with its log. Not kept: success.

        It never starts again, so its `listen` port is closed: clients are refused and another process may have it.
        """
        self._call("stop", name=name)

    def remove(self, name: str) -> None:
        """Stop it, return when it is gone, close its port, and delete its log and entry. Already gone: success."""
        self._call("remove", name=name)

    def shutdown(self) -> None:
        """Stop all at once, forget them, and end the supervisor; returns when all are gone. Logs stay, ports do not.

        Already gone: success. If the last supervisor was killed, `start` first, so that what it left is ended too.
        """
        if not is_held(self.folder):
            return
        try:
            self._call("shutdown")
        except TransientError:
            if is_held(self.folder):
                raise
        deadline = time.monotonic() + ANSWER_SECONDS
        while is_held(self.folder):
            if time.monotonic() > deadline:
                raise TransientError(f"the supervisor of {self.folder} stopped all but did not end")
            time.sleep(_POLL_SECONDS)

    def rest(self) -> "Rest":
        """What may outlive `shutdown`; asked for before it."""
        supervisor, mark = self.pid(), mark_of(self.folder, "")
        kept = [status.pid for status in self.list() if status.pid]
        return Rest(mark, tuple(strays_of(self.folder, supervisor, kept, mark)))

    def logs(self, name: str, lines: int) -> str:
        """The last lines it wrote, oldest first; empty if it wrote nothing or is not kept."""
        status = self.get(name)
        return tail(Path(status.process.log), lines) if status else ""

    def _call(self, verb: str, **arguments: object) -> Any:
        return call(self.folder, {"verb": verb, **arguments})


@dataclass(frozen=True, slots=True)
class Rest:
    """What programs of a folder may leave: what has the folder's mark, and orphans without an owner."""

    mark: str
    strays: tuple[Identity, ...]

    def end(self) -> list[int]:
        """End all of it, and return when it is gone; the pids of what cannot be ended."""
        return sorted({*end_marked(self.mark), *end_strays(self.strays)})


def _is_current(ping: dict[str, Any]) -> bool:
    return int(ping.get("version", 0)) >= VERSION


def _kill(supervisor: int) -> None:
    """The guardian first, as it would start another."""
    for pid in (guardian_of(supervisor), supervisor):
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
