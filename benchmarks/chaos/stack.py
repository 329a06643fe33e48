"""The stack that is hurt, and what of it and of its control plane there is to hurt."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from docker import DockerClient
from docker.errors import APIError, NotFound

from benchmarks.chaos.accidents import Action
from deployments.cli.installation import open_installation
from deployments.cli.views.stack_view import StackView, look
from infra_specs.errors import TenfoldError
from tasks.base.settings import settings
from tasks.providers.local.stack_folder import StackFolder
from tasks.supervisor.client import Supervisor
from tasks.supervisor.identity import guardian_of

NAME = "chaos"
REPLICAS = 2
APP = Path(__file__).parents[2] / "tests/support/app.py"
SIGNALS: Mapping[Action, signal.Signals] = {
    "kill": signal.SIGKILL,
    "freeze": signal.SIGSTOP,
    "stop": signal.SIGTERM,
}
MINE = (*(f"web-{slot}" for slot in range(REPLICAS)), "database", "cache", "proxy")
PLANE = ("server", "runner", "plane supervisor", "plane guardian")


class Hurt(Protocol):
    """What can be hurt on a target."""

    victims: tuple[str, ...]

    def spec(self) -> dict[str, Any]:
        """The stack."""

    def shot(self, action: Action, victim: str) -> Callable[[], None]:
        """What does that to it. All are aimed at before one is hurt: who watches tells where the others are."""

    def mark(self, victim: str) -> str:
        """What tells one life of it from the next; empty while it is away or does not answer."""

    def database(self) -> tuple[str, int]:
        """Where rows are written."""

    def left(self) -> list[str]:
        """What is still there after the teardown."""


def view() -> StackView:
    """The stack as `tenfold status` shows it."""
    with open_installation() as installation:
        (record,) = installation.stacks(NAME)
        return look(installation, record)


def is_well(seen: StackView) -> bool:
    """Everything counts as healthy and is as wanted."""
    healthy = all(instance.health.state == "healthy" for instance in seen.instances)
    return healthy and seen.drift is not None and seen.drift.empty


def newest(victim: str, seen: StackView) -> Mapping[str, str] | None:
    """The outputs of the healthy instance that a victim stands for; None without one."""
    kind, name = ("replica", victim) if victim.startswith("web-") else (victim, "main")
    instances = [
        instance
        for instance in seen.instances
        if instance.address == f"{kind}/{name}" and instance.health.state == "healthy"
    ]
    return {"incarnation": str(instances[-1].incarnation), **instances[-1].outputs} if instances else None


class Plane:
    """The control plane's processes, the same on every target."""

    def pid(self, victim: str) -> int | None:
        folder = settings().home / "control"
        return _watcher_pid(folder, victim) if "plane" in victim else kept_pid(folder, victim)


def _watcher_pid(folder: Path, victim: str) -> int | None:
    supervisor = Supervisor.find(folder)
    if supervisor is None:
        return None
    pid = supervisor.pid()
    return guardian_of(pid) if victim.endswith("guardian") else pid


def kept_pid(folder: Path, name: str) -> int | None:
    """The pid of a healthy process that a supervisor keeps."""
    supervisor = Supervisor.find(folder)
    status = supervisor.get(name) if supervisor else None
    return status.pid if status and status.state == "healthy" else None


def send(action: Action, pid: int | None) -> None:
    """Signal it; nothing if it is away."""
    if pid:
        with suppress(ProcessLookupError):
            os.kill(pid, SIGNALS[action])


class OnLocal:
    """Processes of this machine."""

    victims = (*MINE, "supervisor", "guardian", *PLANE)

    def __init__(self, folder: Path) -> None:
        self._plane, self._folder = Plane(), folder
        shutil.copy(APP, folder / "app.py")

    def spec(self) -> dict[str, Any]:
        web = {"command": "python app.py", "folder": str(self._folder), "port": 8000, "replicas": REPLICAS}
        return {"name": NAME, "target": {"provider": "local"}, "services": {"web": web}, "needs": _NEEDS}

    def shot(self, action: Action, victim: str) -> Callable[[], None]:
        return partial(send, action, self._pid(victim))

    def mark(self, victim: str) -> str:
        return str(self._pid(victim) or "")

    def database(self) -> tuple[str, int]:
        outputs = newest("database", view())
        return (outputs["host"], int(outputs["port"])) if outputs else ("127.0.0.1", 1)

    def left(self) -> list[str]:
        stacks = settings().home / "stacks"
        completed = subprocess.run(["pgrep", "-af", str(stacks / NAME)], capture_output=True, text=True, check=False)
        return [*completed.stdout.splitlines(), *map(str, stacks.glob("[!.]*"))]

    def _pid(self, victim: str) -> int | None:
        folder = StackFolder(settings().home, NAME).supervisor
        if victim in PLANE:
            return self._plane.pid(victim)
        if victim in ("supervisor", "guardian"):
            return _watcher_pid(folder, victim)
        outputs = newest(victim, view())
        kind, name = ("replica", victim) if victim.startswith("web-") else (victim, "main")
        return kept_pid(folder, f"{kind}/{name}#{outputs['incarnation']}") if outputs else None


class OnDocker:
    """Containers, and the control plane's processes. One is frozen by the engine, or by a signal to what runs in it."""

    victims = (*MINE, *PLANE)

    def __init__(self, client: DockerClient) -> None:
        self._plane, self._client = Plane(), client
        self._frozen = 0

    def spec(self) -> dict[str, Any]:
        web = {"image": "tenfold-tiny:1", "port": 8000, "replicas": REPLICAS}
        target = {"provider": "docker", "mirror": "tenfold-test"}
        return {"name": NAME, "target": target, "services": {"web": web}, "needs": _NEEDS}

    def shot(self, action: Action, victim: str) -> Callable[[], None]:
        if victim in PLANE:
            return partial(send, action, self._plane.pid(victim))
        return partial(self._hurt, action, self._container(victim))

    def _hurt(self, action: Action, container: Any) -> None:
        with suppress(NotFound, APIError):
            self._do(action, container)

    def _do(self, action: Action, container: Any) -> None:
        if container is None:
            return
        if action == "freeze":
            self._frozen += 1
            if self._frozen % 2:
                container.pause()
            else:
                for process in _processes(container):
                    os.kill(process, signal.SIGSTOP)
        elif action == "kill":
            container.kill()
        else:
            container.stop()

    def mark(self, victim: str) -> str:
        if victim in PLANE:
            return str(self._plane.pid(victim) or "")
        if newest(victim, view()) is None or (container := self._container(victim)) is None:
            return ""
        return f"{container.id} {container.attrs['State']['StartedAt']}"

    def database(self) -> tuple[str, int]:
        if container := self._container("database"):
            networks = container.attrs["NetworkSettings"]["Networks"].values()
            return next((network["IPAddress"] for network in networks if network["IPAddress"]), "127.0.0.1"), 5432
        return "127.0.0.1", 1

    def left(self) -> list[str]:
        label = {"label": f"tenfold.stack={NAME}"}
        containers = self._client.containers.list(all=True, filters=label)
        others = (*self._client.networks.list(filters=label), *self._client.volumes.list(filters=label))
        return [one.name for one in (*containers, *others)]

    def _container(self, victim: str) -> Any:
        """The newest container that runs."""
        kind, name = ("replica", victim) if victim.startswith("web-") else (victim, "main")
        containers = [
            container
            for container in self._client.containers.list(filters={"label": f"tenfold.stack={NAME}"})
            if f".{kind}.{name}." in container.name
        ]
        return max(containers, key=lambda container: int(container.name.rpartition(".")[2]), default=None)


def _processes(container: Any) -> list[int]:
    """The pids of all that runs in it: the first may be an init, whose child serves on without it."""
    listed = container.top(ps_args="-eo pid")
    return [int(row[listed["Titles"].index("PID")]) for row in listed["Processes"]]


_NEEDS = {"database": "postgres", "cache": "valkey"}


@contextmanager
def errors_as_away() -> Iterator[None]:
    """What does not answer is away."""
    with suppress(TenfoldError, OSError):
        yield
