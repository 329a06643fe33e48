"""Every outside effect of a run, numbered, so that a test can kill or stop the process at any of them.

A point stands before and after each call that changes something: of the target, and of the ledger. One more stands
before each question whether the lock is still ours: who is stopped there has everything before the effect behind him.
"""

import signal
from collections.abc import Callable
from functools import wraps
from threading import Lock, get_ident
from typing import Any

import flows.engine.frame
from tasks.ledger.certificates import Certificates
from tasks.ledger.claims import Claims
from tasks.ledger.hosts import Hosts
from tasks.ledger.locks import Locks
from tasks.ledger.releases import Releases
from tasks.ledger.runs import Runs
from tasks.ledger.secrets import Secrets
from tasks.ledger.stacks import Stacks
from tasks.ledger.tickets import Tickets

PROVIDER_EFFECTS = ("create", "update", "destroy", "stop")
LEDGER_EFFECTS: tuple[tuple[type, str, tuple[str, ...]], ...] = (
    (Locks, "locks", ("acquire", "release")),
    (Tickets, "tickets", ("renew", "drop")),
    (Claims, "claims", ("acquire",)),
    (Stacks, "stacks", ("set_desired", "mark_torn_down", "override", "forget")),
    (Secrets, "secrets", ("ensure", "set", "remove")),
    (Certificates, "certificates", ("put",)),
    (Hosts, "hosts", ("claim", "claim_free")),
    (Runs, "runs", ("begin", "intend", "outcome", "finish")),
    (Releases, "releases", ("begin", "pass_stages", "prove", "end", "end_watch", "refile")),
)
"""The writes of each repository of the ledger, as they are called: `ledger.runs.begin`."""


def everywhere(_point: str) -> bool:
    return True


class Points:
    """Counts the points that a run passes, and sends the process the signal `by` at one of them. 0: at none.

    It can be sent to the process that it is installed in.
    """

    def __init__(self, at: int, by: int, only: Callable[[str], bool] = everywhere) -> None:
        self._at, self._signal, self._only = at, by, only
        self.passed: list[str] = []

    def reach(self, name: str) -> None:
        if not self._only(name):
            return
        self.passed.append(name)
        if len(self.passed) == self._at:
            # Stopped within a transaction, a process keeps SQLite's write lock for as long as it sleeps: so not while
            # another thread writes, and to this thread, or it might go on for a moment and begin to write itself.
            with self._writing:
                signal.pthread_kill(get_ident(), self._signal)

    def install(self) -> None:
        """For the rest of this process, which is a test's own child."""
        self._writing = Lock()
        for repository, called, effects in LEDGER_EFFECTS:
            for name in effects:
                write = self._alone(getattr(repository, name))
                setattr(repository, name, self.around(f"ledger.{called}.{name}", write))
        setattr(Locks, "renew", self._alone(Locks.renew))  # noqa: B010
        setattr(Locks, "check", self._before("ledger.locks.check", Locks.check))  # noqa: B010 - mypy: it is a method
        opened = flows.engine.frame.open_provider

        def open_provider(*args: Any) -> Any:
            provider = opened(*args)
            for name in PROVIDER_EFFECTS:
                setattr(provider, name, self.around(name, getattr(provider, name)))
            return provider

        flows.engine.frame.open_provider = open_provider

    def _alone(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def alone(*args: Any, **kwargs: Any) -> Any:
            with self._writing:
                return call(*args, **kwargs)

        return alone

    def _before(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def watched(*args: Any, **kwargs: Any) -> Any:
            self.reach(f"before {name}")
            return call(*args, **kwargs)

        return watched

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def watched(*args: Any, **kwargs: Any) -> Any:
            what = f"{name} {getattr(args[0], 'address', '')}".strip() if args else name
            self.reach(f"before {what}")
            result = call(*args, **kwargs)
            self.reach(f"after {what}")
            return result

        return watched
