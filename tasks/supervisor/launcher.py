"""The launcher: a small process that forks the owners.

An owner that the supervisor forked would hold a copy of all its memory. The launcher is forked before asyncio is
loaded: an owner costs 1.3 MB then (PSS). Forked by the supervisor it costs 2 MB and more, as a program of its own 3.
"""

import _socket
import gc
import os
import signal
from array import array
from collections.abc import Sequence
from contextlib import suppress
from select import select

from tasks.supervisor.launch import CannotStart, Launch
from tasks.supervisor.owner import own
from tasks.supervisor.syscalls import name_process

NAME = "tenfold-launch"
_MOST_DESCRIPTORS = 6
_ANSWER_SECONDS = 10.0
_RIGHTS_BYTES = _socket.CMSG_LEN(_MOST_DESCRIPTORS * array("i").itemsize)


class Launcher:
    """The supervisor's side. A launcher that was killed or does not answer is forked again, at the next start."""

    def __init__(self) -> None:
        self._end: _socket.socket | None = None
        self._pid = 0
        self._fork()

    def launch(self, launch: Launch, descriptors: Sequence[int], status: int) -> tuple[int, int]:
        """Start a program under an owner; the pids of both, once the program waits at its gate.

        `descriptors`: log, gate, teller and the owner's end of the status pipe, then the listener, if any. `status`:
        our end of that pipe. CannotStart if nobody answers.
        """
        try:
            request = os.memfd_create("launch", os.MFD_CLOEXEC)
            try:
                os.write(request, launch.to_text())
                self._send((request, *descriptors))
            finally:
                os.close(request)
        finally:
            # The owner's end is closed here before anything is read: only so is its death seen.
            os.close(descriptors[3])
        if not select([status], [], [], _ANSWER_SECONDS)[0]:
            self._end_it()
            raise CannotStart(f"could not be started: the launcher did not answer for {_ANSWER_SECONDS:g} s")
        pids = _line(status).split()
        if len(pids) != 2:
            raise CannotStart("could not be started: no process can be forked for it")
        return int(pids[0]), int(pids[1])

    def _send(self, descriptors: Sequence[int]) -> None:
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array("i", descriptors))]
        for is_last in (False, True):
            end = self._end or self._fork()
            try:
                end.sendmsg([b"1"], rights)
            except OSError as error:
                self._end_it()
                if is_last:
                    raise CannotStart(f"could not be started: {error.strerror}") from error
            else:
                return

    def _fork(self) -> "_socket.socket":
        try:
            ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
            ours.setblocking(False)
            pid = os.fork()
        except OSError as error:
            raise CannotStart(f"could not be started: {error.strerror}") from error
        if pid == 0:
            _serve(theirs)
        theirs.close()
        self._end, self._pid = ours, pid
        return ours

    def _end_it(self) -> None:
        """Its owners go on, as our guardian's children."""
        if self._end is not None:
            self._end.close()
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        self._end, self._pid = None, 0


def _line(status: int) -> str:
    """The first line, and no byte more: the rest is read when the program has ended."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(status, 1)):
        line += byte
    return line.decode()


def _serve(end: "_socket.socket") -> None:
    """In the fork: answer until the supervisor is gone. Never returns."""
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the owners
        # A collection would write to every page that the owners share.
        gc.disable()
        gc.freeze()
        name_process(NAME)
        # The supervisor's lock and its ports must not stay open for as long as an owner lives.
        os.dup2(end.fileno(), 3, inheritable=False)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        own_end = _socket.socket(fileno=3)
        own_end.setblocking(True)
        while descriptors := _received(own_end):
            with suppress(OSError):
                if os.fork() == 0:
                    _own(descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
    finally:
        os._exit(0)


def _received(end: "_socket.socket") -> list[int]:
    """The descriptors of the next request; none when the supervisor is gone."""
    _, ancillary, _flags, _address = end.recvmsg(1, _RIGHTS_BYTES, _socket.MSG_CMSG_CLOEXEC)
    descriptors = array("i")
    for _level, _type, data in ancillary:
        descriptors.frombytes(data)
    return descriptors.tolist()


def _own(descriptors: list[int]) -> None:
    try:
        os.close(3)
        request, log, gate, teller, status, *listener = descriptors
        own(request, log=log, gate=gate, teller=teller, status=status, listener=listener[0] if listener else None)
    finally:
        os._exit(1)
