"""A live process in our hands, child or adopted: told when it ends, signalled without mistaking another for it."""

import asyncio
import os
import signal
import sys
from contextlib import suppress

from tasks.supervisor.identity import Identity, identify

_POLL_SECONDS = 0.1
_GROUP_SECONDS = 5.0


class Running:
    """The leader of a process group of its own. `ended` resolves to its exit code, or None where that is unknown."""

    def __init__(self, identity: Identity, *, child: bool, descriptor: int | None) -> None:
        self.identity = identity
        self.ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._child = child
        self._descriptor = descriptor
        if descriptor is None:
            self._poll()
        else:
            asyncio.get_running_loop().add_reader(descriptor, self._leader_ended)

    @classmethod
    def child(cls, identity: Identity) -> "Running":
        """One that we have just forked."""
        return cls(identity, child=True, descriptor=open_process(identity.pid))

    @classmethod
    def adopt(cls, identity: Identity) -> "Running | None":
        """One that an earlier supervisor started; None if it has ended. What it left of its group is killed then."""
        try:
            descriptor = open_process(identity.pid)
        except ProcessLookupError:
            descriptor = None
        # Compared only after it is held: from here on the pid cannot come to mean another.
        current = identify(identity.pid)
        if current == identity:
            return cls(identity, child=False, descriptor=descriptor)
        if descriptor is not None:
            os.close(descriptor)
        same_boot = (current or identity).boot == identity.boot == _boot_now()
        if current is None and same_boot:
            kill_group(identity.pid)
        return None

    def send(self, number: int, *, group: bool) -> None:
        """Signal it, or its whole group; nothing if it has ended."""
        if self.ended.done():
            return
        with suppress(ProcessLookupError):
            if group:
                os.killpg(self.identity.pid, number)
            elif self._descriptor is not None and sys.platform == "linux":
                signal.pidfd_send_signal(self._descriptor, number)
            else:
                os.kill(self.identity.pid, number)

    async def end(self, number: int, *, group: bool, seconds: float) -> None:
        """Ask it to end, kill its group at the deadline; returns when all of the group is gone."""
        self.send(number, group=group)
        self.send(signal.SIGCONT, group=True)  # one that is stopped cannot obey
        await asyncio.wait([self.ended], timeout=seconds)
        self.send(signal.SIGKILL, group=True)
        await self.gone()

    async def gone(self) -> None:
        """Wait until it has ended and what it left of its group too, so that ports and files are free again."""
        await asyncio.wait([self.ended])
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _GROUP_SECONDS
        while kill_group(self.identity.pid) and loop.time() < deadline:  # noqa: ASYNC110 - no event tells of a group
            await asyncio.sleep(0.005)

    def _poll(self) -> None:
        """Where there is no pidfd. An adopted one is reaped by the guardian or by init, which is when its pid ends."""
        pid, code = self.identity.pid, None
        try:
            if self._child:
                reaped, status = os.waitpid(pid, os.WNOHANG)
                ended = reaped == pid
                code = os.waitstatus_to_exitcode(status) if ended else None
            else:
                os.kill(pid, 0)
                ended = False
        except (ChildProcessError, ProcessLookupError):
            ended = True
        if ended:
            kill_group(pid)
            self.ended.set_result(code)
        else:
            asyncio.get_running_loop().call_later(_POLL_SECONDS, self._poll)

    def _close(self) -> None:
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _leader_ended(self) -> None:
        self._close()
        # Before it is reaped: as long as it is a zombie the group's number cannot be another's.
        kill_group(self.identity.pid)
        code = None
        if self._child:
            with suppress(ChildProcessError):
                code = os.waitstatus_to_exitcode(os.waitpid(self.identity.pid, 0)[1])
        self.ended.set_result(code)


def kill_group(leader: int) -> bool:
    """Kill what an ended leader left of its group. False if nothing is left, or its number is now another's."""
    if identify(leader) is not None:
        return False
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def describe_exit(code: int | None) -> str:
    """`exited with 137`."""
    return "ended" if code is None else f"exited with {shell_exit_code(code)}"


def shell_exit_code(code: int) -> int:
    """128 and its number for a signal."""
    return code if code >= 0 else 128 - code


def open_process(pid: int) -> int | None:
    """A descriptor that holds a process and tells its end; None where there is none. ProcessLookupError: it is gone."""
    if sys.platform == "linux":
        return os.pidfd_open(pid)
    return None


def _boot_now() -> str:
    own = identify(os.getpid())
    return own.boot if own else ""
