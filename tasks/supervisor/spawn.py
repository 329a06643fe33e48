"""Forks that never leave an orphan: the child waits at a pipe until its pid is recorded, and ends if nobody lets it."""

import os
import pwd
from collections.abc import Callable, Sequence
from pathlib import Path

from tasks.supervisor.becoming import become_program
from tasks.supervisor.identity import Identity, identify
from tasks.supervisor.launch import CannotStart, Launch, account_of
from tasks.supervisor.launcher import Launcher
from tasks.supervisor.owned import Owned
from tasks.supervisor.process import Process
from tasks.supervisor.running import Running, open_process


def spawn(
    process: Process,
    argv: Sequence[str],
    record: Callable[[Identity], None] | None,
    listener: int | None = None,
) -> Running:
    """Run `argv` as `process` would be run: its user, environment, folder and log, in a new session.

    `record` is called with its identity before it does anything. Without one the command is a probe: silent, and
    killed with us. `listener` becomes its descriptor 3.
    """
    account = account_of(process)
    log = _open_log(process.log) if record else os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    start = _Start(log)
    try:
        pid = os.fork()
    except OSError as error:
        start.close_theirs()
        start.give_up()
        raise CannotStart(f"could not be started: {error}") from error
    if pid == 0:
        start.become(process, argv, account, listener, with_parent=record is None)
    start.close_theirs()
    identity = identify(pid)
    try:
        start.let_through(identity, lambda: record(identity) if identity and record else None)
        start.answer(identity)
    except CannotStart:
        os.waitpid(pid, 0)
        raise
    assert identity
    return Running.child(identity)


def spawn_owned(
    process: Process,
    argv: Sequence[str],
    record: Callable[[Identity, Identity], None],
    launcher: Launcher,
    mark: str,
    *,
    listener: int | None = None,
) -> Running:
    """As `spawn`, under an owner: with it ends all that it starts. `record` is called with both identities."""
    account_of(process)
    start = _Start(_open_log(process.log))
    ours = list[int]()
    try:
        result, status = os.pipe()
        ours.append(result)
        given = (start.log, start.gate, start.teller, status, *([] if listener is None else [listener]))
        owner_pid, pid = launcher.launch(Launch(process, tuple(argv), mark), given, result)
        start.close_theirs()
        # While it waits at its gate: its owner reaps one that ends at once, and it could not be held any more.
        if (held := open_process(pid)) is not None:
            ours.append(held)
        identity, owner = identify(pid), identify(owner_pid)
        start.let_through(identity, lambda: record(identity, owner) if identity and owner else None)
        start.answer(identity)
    except (CannotStart, OSError) as error:
        start.close_theirs()
        start.give_up()
        for descriptor in ours:
            os.close(descriptor)
        raise error if isinstance(error, CannotStart) else CannotStart(f"could not be started: {error}") from error
    assert identity
    return Owned.started(identity, owner, held, result, mark)


class _Start:
    """The pipes between us and a child that waits to be let through. CannotStart if there can be none."""

    def __init__(self, log: int) -> None:
        self.log = log
        self._theirs, self._ours = [log], list[int]()
        try:
            self.gate, self._opener = os.pipe()
            self._theirs.append(self.gate)
            self._ours.append(self._opener)
            self._fault, self.teller = os.pipe()
        except OSError as error:
            self.close_theirs()
            self.give_up()
            raise CannotStart(f"could not be started: {error}") from error
        self._theirs.append(self.teller)
        self._ours.append(self._fault)

    def become(
        self,
        process: Process,
        argv: Sequence[str],
        account: pwd.struct_passwd | None,
        listener: int | None,
        *,
        with_parent: bool,
    ) -> None:
        """In the child."""
        os.close(self._opener)
        ends = {"log": self.log, "gate": self.gate, "teller": self.teller}
        become_program(process, argv, account, **ends, listener=listener, with_parent=with_parent)

    def close_theirs(self) -> None:
        """In the parent, once the child has them."""
        while self._theirs:
            os.close(self._theirs.pop())

    def give_up(self) -> None:
        """The child is not let through, and ends."""
        while self._ours:
            os.close(self._ours.pop())

    def let_through(self, identity: Identity | None, record: Callable[[], None]) -> None:
        """Record it, then let it be its program. CannotStart if it cannot be recorded; it ends then."""
        try:
            record()
            if identity:
                os.write(self._opener, b"1")
        except OSError as error:
            self.give_up()
            raise CannotStart(f"could not be recorded: {error}") from error

    def answer(self, identity: Identity | None) -> None:
        """Wait until it is its program; CannotStart says why it cannot be."""
        self._ours.remove(self._opener)
        os.close(self._opener)
        self._ours.remove(self._fault)
        with os.fdopen(self._fault, "rb") as pipe:
            error_text = pipe.read().decode(errors="replace")
        if identity is None or error_text:
            raise CannotStart(f"could not be started: {error_text or 'it was killed at once'}")


def _open_log(path: str) -> int:
    try:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(f"its log cannot be opened: {error}") from error
