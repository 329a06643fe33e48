"""The part `events` of the local target: each stack's supervisor tells how its processes change."""

import select
import time
from collections.abc import Collection, Iterator
from concurrent.futures import Future
from pathlib import Path

from infra_specs.errors import TenfoldError
from infra_specs.plan.drift import Event, Told
from tasks.base.daemon_pool import DaemonPool
from tasks.providers.local.errors import translated
from tasks.providers.local.stack_folder import stack_folder_of
from tasks.providers.local.stack_supervisor import supervisor_of
from tasks.providers.seam.reconnect import Reconnect
from tasks.supervisor.following import Following
from tasks.supervisor.process import Status

_OPENED_AT_ONCE = 4
_OPENING_SECONDS = 0.1
"""Between two looks at whether a connection that is being opened is there."""


class LocalEvents:
    """Connections to the supervisors of stacks below `home`. A supervisor that was killed is started again."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._followed: dict[str, Following] = {}
        self._opening: dict[str, Future[Following | None]] = {}
        self._again: dict[str, Reconnect] = {}
        self._pool = DaemonPool(_OPENED_AT_ONCE, "local-follow")

    def wait(self, stacks: Collection[str], seconds: float) -> tuple[Event, ...]:
        deadline = time.monotonic() + seconds
        for stack in self._again.keys() - set(stacks):
            self._leave(stack)
        while True:
            for stack in stacks:
                self._open(stack)
            events = [*self._opened(), *self._told(self._pause(deadline))]
            if events or time.monotonic() >= deadline:
                return tuple(events)

    def close(self) -> None:
        """End all connections."""
        self._pool.drop()
        for stack in tuple(self._again):
            self._leave(stack)

    def _pause(self, deadline: float) -> float:
        """Seconds until something is to be done that no supervisor tells."""
        until = max(0.0, deadline - time.monotonic())
        if self._opening:
            return min(until, _OPENING_SECONDS)
        tries = (again.seconds for stack, again in self._again.items() if stack not in self._followed)
        return min([until, *tries])

    def _open(self, stack: str) -> None:
        """Begin to open the stack's connection, if it is time to: a supervisor that hangs holds up no other stack."""
        again = self._again.setdefault(stack, Reconnect())
        if stack not in self._followed and stack not in self._opening and not again.seconds:
            self._opening[stack] = self._pool.submit(self._connected, stack)

    def _connected(self, stack: str) -> Following | None:
        """None: the stack has no supervisor, since it has no processes."""
        with translated():
            stack_folder = stack_folder_of(self._home, stack)
            supervisor = supervisor_of(stack_folder)
            if supervisor and not supervisor.is_current():
                with stack_folder.locked():
                    supervisor = supervisor.renewed()
            return Following(supervisor.folder) if supervisor else None

    def _opened(self) -> Iterator[Event]:
        for stack, opening in tuple(self._opening.items()):
            if not opening.done():
                continue
            del self._opening[stack]
            following = _result(opening)
            if following is None:
                self._again[stack].broke()
                continue
            self._followed[stack] = following
            if self._again[stack].opened():
                yield Event(stack, "", "missed", "is heard again")

    def _told(self, seconds: float) -> Iterator[Event]:
        poll = select.poll()
        stacks = {following.fileno(): stack for stack, following in self._followed.items()}
        for descriptor in stacks:
            poll.register(descriptor, select.POLLIN)
        for descriptor, _ in poll.poll(1000 * seconds):
            stack = stacks[descriptor]
            try:
                for status in self._followed[stack].changes():
                    if address := status.process.labels.get("address"):
                        yield Event(stack, address, told(status), status.reason)
            except (EOFError, OSError, ValueError):
                self._end(stack)
                self._again[stack].broke()

    def _end(self, stack: str) -> None:
        self._followed.pop(stack).close()

    def _leave(self, stack: str) -> None:
        if stack in self._followed:
            self._end(stack)
        if opening := self._opening.pop(stack, None):
            opening.add_done_callback(_close)
        del self._again[stack]


def told(status: Status) -> Told:
    """What a supervisor says of a process with this status. It starts again by itself what it says is starting."""
    if status.state == "failed":
        return "silent" if status.pid else "ended"
    words: dict[str, Told] = {"starting": "restarts", "healthy": "well", "unready": "unready", "stopped": "stopped"}
    return words[status.state]


def _result(opening: "Future[Following | None]") -> Following | None:
    try:
        return opening.result()
    except TenfoldError:
        return None


def _close(opening: "Future[Following | None]") -> None:
    if not opening.cancelled() and (following := _result(opening)):
        following.close()
