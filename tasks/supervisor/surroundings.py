"""What a process's lifecycle can read of the other processes of its supervisor."""

from collections.abc import Callable, Iterable
from pathlib import Path

from tasks.supervisor.family import Kept, kept_here
from tasks.supervisor.launcher import Launcher
from tasks.supervisor.listeners import Listeners
from tasks.supervisor.mark import mark_of
from tasks.supervisor.process import State, Status
from tasks.supervisor.store import ProcessRecord

_BEST_FIRST: tuple[State, ...] = ("healthy", "starting", "failed", "stopped")


class Siblings:
    """`record` lists the records of all kept processes. `save` writes them; OSError if it cannot. `tell` is called with
    each change of a state.

    `launcher` forks what is owned; None where nothing can be.
    """

    def __init__(
        self,
        record: Callable[[], Iterable[ProcessRecord]],
        save: Callable[[], None],
        listeners: Listeners,
        launcher: Launcher | None,
        folder: Path,
        *,
        tell: Callable[[Status], None],
    ) -> None:
        self._records = record
        self.save = save
        self.tell = tell
        self.listeners = listeners
        self.launcher = launcher
        self._marks = mark_of(folder, "")  # read once: somebody may delete the folder while all of it is ended

    def mark(self, name: str) -> str:
        """What the environment of this process, and of all that it starts, is marked with."""
        return f"{self._marks}{name}"

    def kept(self, record: ProcessRecord, leader: int) -> Kept:
        """The running leader of a record among all that run."""
        others = (other for other in self._records() if other is not record)
        identities = (identity for other in others for identity in (other.leader, other.owner) if identity)
        owner = record.owner.pid if record.owner else None
        return kept_here(leader, owner, [identity.pid for identity in identities])

    def server_state(self, port: int) -> State | None:
        """The best state of the processes that are to serve this port; None if there is none."""
        states = {record.state for record in self._records() if record.process.probe_port == port}
        return next((state for state in _BEST_FIRST if state in states), None)
