"""The template: a process with everything loaded and nothing opened, of which each run of a flow is a fork.

A new Python would take longer than most runs. The template is forked off the serving process before that has a thread,
an event loop or a connection, and never gets one. It is asked by a socket, a line of JSON for each run, and answers in
lines of JSON: the process that a run has, and the end of a process. It ends with who asks it.

On Linux a run leads a process group of its own, and dies with the template. What it started ends with it, unless that
has a session of its own, as the supervisor of a stack does. Elsewhere a run is in the group of the serving process.
"""

import gc
import json
import os
import runpy
import signal
import socket
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from select import select
from typing import Any, NoReturn

from deployments.server.warm_runs import work
from tasks.supervisor.syscalls import die_with_parent

LOADED_LATE = (
    *("tasks.providers.local", "tasks.providers.docker", "tasks.providers.memory", "cryptography.fernet"),
    *("prefect.concurrency.asyncio", "prefect._internal.metrics", "prefect.telemetry.run_telemetry"),
    *("anyio._backends._asyncio", "opentelemetry._logs", "opentelemetry.metrics"),
    *("rich._emoji_codes", "prefect.utilities.visualization", "pydantic.color"),
)
"""The modules that a run imports while it works, beside those that the serving process has loaded."""
ENGINE = "prefect.engine"
"""The program of a run, which Prefect's own runner gives to a new Python."""
WARM = "TENFOLD_WARM_SOCKET"
"""A fork with this variable is no run, but the process of the scheduled ones; it names the socket to connect to."""
BUFFER_BYTES = 1 << 16


def fork_template() -> socket.socket:
    """Fork the template off this process, which must have one thread and have loaded the flows.

    Returns the socket to ask it by. It does not return in the template, nor in a run: their processes end here.
    """
    ours, theirs = socket.socketpair()
    for name in LOADED_LATE:  # by the serving process too: what both load before the fork they share
        import_module(name)
    gc.collect()
    gc.freeze()  # a collection would write to every page, and what is written to is shared no more
    if os.fork():
        theirs.close()
        return ours
    ours.close()
    return be_template(theirs)


def be_template(asked: socket.socket) -> NoReturn:
    """Fork for each request, until nobody can ask. The fork goes on as its run."""
    variables = _serve(asked)
    if variables is not None:
        _run(variables)
    os._exit(0)  # its runs die with it


def _serve(asked: socket.socket) -> Mapping[str, str] | None:
    """Returns None once nobody can ask; in a fork, the variables that its run was given."""
    reading, writing = _pipe_of_ended_children()
    template, runs = os.getpid(), set[int]()
    unfinished = b""
    while True:
        readable, _, _ = select([asked.fileno(), reading], [], [])
        if reading in readable:
            os.read(reading, BUFFER_BYTES)
            _tell_ended(asked, runs)
        if asked.fileno() in readable:
            received = asked.recv(BUFFER_BYTES)
            if not received:
                for run in runs:
                    _kill_group(run)
                return None
            *lines, unfinished = (unfinished + received).split(b"\n")
            for line in lines:
                request = json.loads(line)
                pid = _fork(asked, request["run"])
                if pid > 0:
                    runs.add(pid)
                elif pid == 0:
                    _let_go(asked, reading, writing)
                    _lead_a_group(template)
                    variables: dict[str, str] = request["variables"]
                    return variables


def _pipe_of_ended_children() -> tuple[int, int]:
    """The two ends of a pipe in which a byte comes whenever a child has ended."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # one that is ignored wakes nobody
    return reading, writing


def _fork(asked: socket.socket, run: str) -> int:
    """Fork, and tell who asked. 0 in the fork; -1 where the machine has no room for one more process."""
    try:
        pid = os.fork()
    except OSError as error:
        _say(asked, {"run": run, "fault": f"no process can be started: {error.strerror}"})
        return -1
    if pid:
        _say(asked, {"run": run, "pid": pid})
    return pid


def _tell_ended(asked: socket.socket, runs: set[int]) -> None:
    """Reap every child that has ended, end what it left, and tell how it ended."""
    try:
        while (ended := _reaped())[0]:
            runs.discard(ended[0])
            _say(asked, {"pid": ended[0], "code": os.waitstatus_to_exitcode(ended[1])})
    except ChildProcessError:
        return


def _reaped() -> tuple[int, int]:
    """A child that has ended and its status, once what it left of its group is ended, too; (0, 0) if none has."""
    if sys.platform != "linux":
        return os.waitpid(-1, os.WNOHANG)
    ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if ended is None:
        return 0, 0
    _kill_group(ended.si_pid)  # before it is reaped: until then its number cannot be another's
    return os.waitpid(ended.si_pid, 0)


def _lead_a_group(template: int) -> None:
    """In a fork: have a process group, and die with the template, which has perhaps died already."""
    if sys.platform == "linux":
        os.setpgid(0, 0)
        die_with_parent(signal.SIGKILL)
        if os.getppid() != template:
            os._exit(1)


def _kill_group(leader: int) -> None:
    """Kill all that is in the group of a run; nothing where runs have none."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _say(asked: socket.socket, message: Mapping[str, Any]) -> None:
    try:
        asked.sendall(json.dumps(message).encode() + b"\n")
    except BrokenPipeError:
        os._exit(0)  # nobody is left who could hear of a run


def _let_go(asked: socket.socket, *pipe: int) -> None:
    """In a fork: keep nothing that is the template's."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asked.close()
    for descriptor in pipe:
        os.close(descriptor)


def _run(variables: Mapping[str, str]) -> NoReturn:
    """In a fork: be the process that Prefect's runner would have started, to its regular end."""
    os.environ.update(variables)
    if path := variables.get(WARM):
        work(Path(path))
    sys.argv = [ENGINE]
    warnings.filterwarnings("ignore", ".*found in sys.modules", RuntimeWarning, "runpy")  # it is loaded: that is meant
    runpy.run_module(ENGINE, run_name="__main__", alter_sys=True)
    sys.exit()
