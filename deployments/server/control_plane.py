"""The control plane on this machine: Prefect's server and the process that serves our flows, kept alive."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from deployments.server.environment import HOST, api_url
from deployments.server.login import Login, ensure_login, login_file
from deployments.server.plane_processes import (
    READY_SECONDS,
    RUNNER,
    SERVER,
    control_folder,
    port_of,
    program_of,
    runner_process,
    server_process,
)
from deployments.server.plane_surroundings import plane_faults
from deployments.server.program import other_program_note
from deployments.server.proof import require_proof
from infra_specs.errors import LedgerBusy, PortTaken, ServerError, TenfoldError
from tasks.base.poll import wait_until
from tasks.base.settings import Settings, settings
from tasks.ledger import Ledger
from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Process, Status

PORTS_TRIED = 100
AGENT = "SSH_AUTH_SOCK"


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Where it answers and how it is. `server` and `runner` are `starting`, `healthy`, `failed` or `stopped`."""

    port: int
    server: str
    runner: str
    news: tuple[str, ...] = ()
    """What its owner should hear of this start, a sentence each."""
    program: str = ""
    """The program that started it."""

    @property
    def api_url(self) -> str:
        return api_url(self.port)

    @property
    def ui_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def run_page(self, run_id: str) -> str:
        """The page of a flow run in Prefect's UI."""
        return f"{self.ui_url}/v2/runs/flow-run/{run_id}"

    @property
    def ready(self) -> bool:
        return (self.server, self.runner) == ("healthy", "healthy")


def ensure() -> ControlPlane:
    """The control plane, started if it is not there; returns when it takes runs and has proven that it is ours.

    Any number may call this at once. Raises ServerError with the last lines of a log when it does not come up, and for
    a login that others can read; LedgerError for a ledger that a newer Tenfold has changed, before anything starts.
    """
    config = settings()
    with suppress(LedgerBusy):  # its database may come later
        Ledger.open(config).close()
    folder = control_folder(config)
    for name in ("work", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    login, made = ensure_login(config.home)
    supervisor, before = _supervisor(folder)
    _keep_both(supervisor, config, login)
    plane = _settled(supervisor)
    if plane is not None and plane.server == "failed":
        # Its port may be another program's by now, which only a new start finds out.
        _keep_both(supervisor, config, login)
        plane = _settled(supervisor)
    if plane is None or not plane.ready:
        raise _failure(supervisor, plane, config.home)
    try:
        require_proof(login, HOST, plane.port)
    except OSError as error:
        raise ServerError(f"The control plane at port {plane.port} does not answer ({error}).") from error
    return replace(plane, news=_news(config, before, plane, login_made=made))


def status() -> ControlPlane | None:
    """How it is now, or None if it does not run. Starts nothing."""
    supervisor = Supervisor.find(control_folder(settings()))
    return _seen(supervisor) if supervisor else None


def faults() -> tuple[str, ...]:
    """What is not well of it, and what to do, a paragraph each; nothing if it is well or does not run."""
    config = settings()
    supervisor = Supervisor.find(control_folder(config))
    return plane_faults(supervisor, config.home) if supervisor else ()


def stop() -> None:
    """Stop it. Stacks run on. Not running is success."""
    folder = control_folder(settings())
    if Supervisor.was_left(folder):
        Supervisor.start(folder).shutdown()


def _supervisor(folder: Path) -> tuple[Supervisor, Status | None]:
    """The control plane's supervisor, and the server that it kept. One of an earlier version is replaced: it can hold
    no port."""
    supervisor = Supervisor.start(folder)
    with _alone(folder):
        before = supervisor.get(SERVER)
        if not supervisor.is_current():
            supervisor.shutdown()
            supervisor = Supervisor.start(folder)
    return supervisor, before


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One at a time: of two that start it at once each would choose a port."""
    handle = os.open(folder / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _keep_both(supervisor: Supervisor, here: Settings, login: Login) -> None:
    """Keep both running, on the first port that is free from the last one on."""
    with _alone(control_folder(here)):
        known = {status.process.name: status for status in supervisor.list()}
        first = port_of(known[SERVER]) if SERVER in known else here.server_port
        for port in range(first, min(first + PORTS_TRIED, 65536)):
            try:
                _keep(supervisor, known.get(SERVER) if port == first else None, server_process(here, login, port))
            except PortTaken:
                continue
            _keep(supervisor, known.get(RUNNER), runner_process(here, login, port))
            return
    raise ServerError(f"No port from {first} on is free. Set TENFOLD_SERVER_PORT to one that is.")


def _news(here: Settings, before: Status | None, plane: ControlPlane, *, login_made: bool) -> tuple[str, ...]:
    """What surprises the users of a control plane that was there before."""
    if before is None:
        return ()
    news = [note] if (note := other_program_note(plane.program)) else []
    news += [note] if (note := _agent_note(before.process.env)) else []
    if login_made:
        lost = "TENFOLD_LOGIN_VERSION" in before.process.env
        why = "Its login was gone and is made anew" if lost else "The control plane has a login from now on"
        news.append(
            f"{why}, in {login_file(here.home)}. A browser logs in with: tenfold server open. A program "
            "sends what this prints: tenfold token"
        )
    if (port := port_of(before)) != plane.port:
        news.append(f"Port {port} is taken by another program: the control plane is at port {plane.port} now.")
    return tuple(news)


def _agent_note(env: Mapping[str, str]) -> str:
    """What to do if the SSH agent that the control plane was started with is gone; empty if there is nothing to do."""
    agent = env.get(AGENT)
    if agent is None or Path(agent).is_socket():
        return ""
    return (
        f"The SSH agent that the control plane was started with is gone ({AGENT} names {agent}, and no socket is "
        "there). To give it the agent of this shell: tenfold server stop, then tenfold server start"
    )


def _keep(supervisor: Supervisor, known: Status | None, process: Process) -> None:
    """Keep it running; what rests after failing, or was started by another version of us, is started anew."""
    if known and known.state not in ("failed", "stopped") and _version(known.process) == _version(process):
        return
    # Never removed and put again: a stranger could take the port between, and the runner tells it the login.
    supervisor.replace(process)


def _version(process: Process) -> tuple[object, ...]:
    """What must be equal for it to be the one that is wanted; whose shell started it matters not."""
    ours = {name: value for name, value in process.env.items() if name.startswith(("TENFOLD_", "PREFECT_"))}
    return process.argv, ours, process.probe


def _settled(supervisor: Supervisor) -> ControlPlane | None:
    """How it is once it is ready, or one of the two has failed, or it takes too long."""

    def settled(plane: ControlPlane | None) -> bool:
        return plane is not None and (plane.ready or "failed" in (plane.server, plane.runner))

    return wait_until(lambda: _seen(supervisor), settled, READY_SECONDS)


def _failure(supervisor: Supervisor, seen: ControlPlane | None, home: Path) -> ServerError:
    """Which of the two does not come up, why, and what to do."""
    states = ((SERVER, seen.server), (RUNNER, seen.runner)) if seen else ((SERVER, "gone"),)
    name, state = next(((name, state) for name, state in states if state != "healthy"))
    why = plane_faults(supervisor, home) or (f"Look into the log {supervisor.folder / f'{name}.log'}.",)
    return ServerError("\n".join([f"The control plane's {name} is {state}.", *why]))


def _seen(supervisor: Supervisor) -> ControlPlane | None:
    try:
        known = {status.process.name: status for status in supervisor.list()}
    except TenfoldError:
        return None  # it is ending, or starting again this moment
    if SERVER not in known or RUNNER not in known:
        return None
    states = known[SERVER].state, known[RUNNER].state
    return ControlPlane(port_of(known[SERVER]), *states, program=program_of(known[RUNNER]))
