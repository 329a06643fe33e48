"""What a process's lifecycle can read of the other processes of its supervisor."""

from collections.abc import Callable, Iterable

from tasks.supervisor.listeners import Listeners
from tasks.supervisor.process import State
from tasks.supervisor.store import ProcessRecord

_BEST_FIRST: tuple[State, ...] = ("healthy", "starting", "failed", "stopped")


class Siblings:
    """`record` lists the records of all kept processes. `save` writes them; OSError if it cannot."""

    def __init__(
        self, record: Callable[[], Iterable[ProcessRecord]], save: Callable[[], None], listeners: Listeners
    ) -> None:
        self._records = record
        self.save = save
        self.listeners = listeners

    def leaders(self) -> list[int]:
        """The pids of all that run."""
        return [record.leader.pid for record in self._records() if record.leader]

    def server_state(self, port: int) -> State | None:
        """The best state of the processes that are to serve this port; None if there is none."""
        states = {record.state for record in self._records() if record.process.probe_port == port}
        return next((state for state in _BEST_FIRST if state in states), None)
