"""The control plane on this machine: Prefect's server and the process that serves our flows, kept alive."""

import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from deployments.prefect_environment import api_url, environment, host
from infra_specs.errors import ServerError, TenfoldError
from tasks.settings import Settings, settings
from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Probe, Process, Status

server, runner = "server", "runner"
ready_seconds = 180.0
"""How long the first start may take: a new database is migrated, on a machine that may be busy."""
ports_tried = 100
passed_on = (
    *("HOME", "LANG", "LC_ALL", "PATH", "TZ", "USER", "LOGNAME", "SSL_CERT_FILE"),
    *("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONFIG"),
)


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Where it answers and how it is. `server` and `runner` are `starting`, `healthy`, `failed` or `stopped`."""

    port: int
    server: str
    runner: str

    @property
    def api_url(self) -> str:
        return api_url(self.port)

    @property
    def ui_url(self) -> str:
        return f"http://{host}:{self.port}"

    @property
    def ready(self) -> bool:
        return (self.server, self.runner) == ("healthy", "healthy")


def ensure() -> ControlPlane:
    """The control plane, started if it is not there; returns when it takes runs.

    Any number may call this at once. Raises ServerError with the last lines of a log when it does not come up.
    """
    here = settings()
    folder = _folder(here)
    for name in ("work", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    supervisor = Supervisor.start(folder)
    known = {status.process.name: status for status in supervisor.list()}
    port = _port_of(known[server]) if server in known else _free_port(here.server_port)
    for process in _processes(here, folder, port):
        _keep(supervisor, known.get(process.name), process)
    return _ready(supervisor)


def status() -> ControlPlane | None:
    """How it is now, or None if it does not run. Starts nothing."""
    supervisor = Supervisor.find(_folder(settings()))
    return _seen(supervisor) if supervisor else None


def stop() -> None:
    """Stop it. Stacks run on. Not running is success."""
    folder = _folder(settings())
    if Supervisor.was_left(folder):
        Supervisor.start(folder).shutdown()


def _folder(here: Settings) -> Path:
    return here.home / "control"


def _processes(here: Settings, folder: Path, port: int) -> tuple[Process, Process]:
    """Both run in an empty folder: a user's own `tasks.py` in theirs would hide ours."""
    ours = {name: value for name, value in os.environ.items() if name in passed_on or name.startswith("TENFOLD_")}
    env = {**ours, **environment(here.home, port), "TENFOLD_HOME": str(here.home)}
    # Prefect's runner keeps its things in one folder below this: in /tmp that would be the first user's alone.
    env["TMPDIR"] = str(folder / "tmp")
    labels = {"port": port}
    command = (sys.executable, "-m", "prefect", "server", "start", "--host", host, "--port", str(port))
    ready = folder / "runner.sock"
    return (
        Process(
            server,
            command,
            env,
            str(folder / "work"),
            log=str(folder / "server.log"),
            probe=Probe("http", port, "/api/health", start_seconds=ready_seconds),
            stop_group=True,
            labels=labels,
        ),
        Process(
            runner,
            (sys.executable, "-m", "deployments.serve", str(ready)),
            env,
            str(folder / "work"),
            log=str(folder / "runner.log"),
            probe=Probe("socket", path=str(ready), start_seconds=ready_seconds),
            restarts=100,
            labels=labels,
        ),
    )


def _keep(supervisor: Supervisor, known: Status | None, process: Process) -> None:
    """Keep it running; what rests after failing, or was started by another version of us, is started anew."""
    if known is not None:
        if known.state not in ("failed", "stopped") and _version(known.process) == _version(process):
            return
        supervisor.remove(process.name)
    supervisor.put(process)


def _version(process: Process) -> tuple[object, ...]:
    """What must be equal for it to be the one that is wanted; whose shell started it matters not."""
    ours = {name: value for name, value in process.env.items() if name.startswith(("TENFOLD_", "PREFECT_"))}
    return process.argv, ours, process.probe


def _ready(supervisor: Supervisor) -> ControlPlane:
    until = time.monotonic() + ready_seconds
    while True:
        seen = _seen(supervisor)
        if seen is not None and seen.ready:
            return seen
        for name, state in (("server", seen.server), ("runner", seen.runner)) if seen else ():
            if state == "failed" or time.monotonic() > until:
                raise ServerError(
                    f"The control plane's {name} is {state}. The last lines of its log:\n{supervisor.logs(name, 15)}\n"
                    "Mend the cause, then run: tenfold server start"
                )
        time.sleep(0.05)


def _seen(supervisor: Supervisor) -> ControlPlane | None:
    try:
        known = {status.process.name: status for status in supervisor.list()}
    except TenfoldError:
        return None  # it is ending, or starting again this moment
    if server not in known or runner not in known:
        return None
    return ControlPlane(_port_of(known[server]), known[server].state, known[runner].state)


def _port_of(status: Status) -> int:
    return int(status.process.labels["port"])


def _free_port(first: int) -> int:
    for port in range(first, min(first + ports_tried, 65536)):
        with socket.socket() as probe:
            # What a server that was stopped leaves behind for a minute is no other's: it comes back to its own port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise ServerError(f"No port from {first} on is free. Set TENFOLD_SERVER_PORT to one that is.")
