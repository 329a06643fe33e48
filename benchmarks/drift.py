"""Something of a stack is killed or removed behind Tenfold's back: seconds until it is seen, and until it is mended.

python -m benchmarks.drift [local|docker] [ROUNDS]

seen     local: the stack's supervisor tells of it; docker: a run of reconcile, or a restart in its place, was started
mended   as many healthy instances as before, with another one in the place of the one that was hurt
"""

import os
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import docker

from benchmarks.control_plane import Api, plane
from deployments.server.restart_down import AGAIN_SECONDS
from infra_specs.plan.drift import Event
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.reading.load import load, stored
from tasks.base.settings import settings
from tasks.providers import opened
from tasks.providers.docker.labels import name_of
from tasks.providers.local.stack_folder import StackFolder
from tasks.providers.seam.provider import KindProvider
from tasks.supervisor.client import Supervisor
from tests.support.images import images

ROOT = Path(__file__).parents[1]
NAME = "drift"
PATIENCE = 120.0
WEB = "replica/web-0"
Hurt = Callable[[Instance], None]


def spec(target: str) -> dict[str, Any]:
    """Two replicas and a database."""
    local = "command: python app.py, folder: examples/app, port: 8000"
    web, options = (local, "") if target == "local" else ("image: tenfold-test/tenfold-tiny:1, port: 8000", _images())
    text = f"""
name: {NAME}
target: {{provider: {target}{options}}}
services: {{web: {{{web}, replicas: {{min: 2}}}}}}
needs: {{database: postgres}}
"""
    return load(text).model_dump(mode="json", by_alias=True)


def _images() -> str:
    here = {known.rpartition(":")[0]: tag for known, tag in images(docker.from_env()).items()}
    wanted = ("postgres", "envoyproxy/envoy")
    return f", images: {{{', '.join(f'{name}: {here[name]}' for name in wanted)}}}"


def container(instance: Instance) -> Any:
    name = name_of(instance.stack, instance.address, instance.incarnation)
    return docker.from_env().containers.get(name)


def kill_process(instance: Instance) -> None:
    supervisor = Supervisor(StackFolder(settings().home, NAME).supervisor)
    status = supervisor.get(f"{instance.address}#{instance.incarnation}")
    assert status
    assert status.pid
    os.kill(status.pid, signal.SIGKILL)


STEADY_SECONDS = 12.0
"""It runs on for so long after an accident that the next one is no crash loop."""
ACCIDENTS: dict[str, dict[str, tuple[str, Hurt, float]]] = {
    "local": {
        "replica, SIGKILL": (WEB, kill_process, STEADY_SECONDS),
        "database, SIGKILL": ("database/main", kill_process, STEADY_SECONDS),
    },
    "docker": {
        "replica, docker kill": (WEB, lambda instance: container(instance).kill(), STEADY_SECONDS),
        "replica, docker rm -f": (WEB, lambda instance: container(instance).remove(force=True), STEADY_SECONDS),
        "database, docker kill": ("database/main", lambda instance: container(instance).kill(), AGAIN_SECONDS),
    },
}


class Watched:
    """The stack, by what its target tells and by what it looks like."""

    def __init__(self, provider: KindProvider, api: Api) -> None:
        self._provider, self._api = provider, api
        assert provider.events
        self._events = provider.events
        self.hear(0.5)

    def hear(self, seconds: float) -> list[Event]:
        return list(self._events.wait([NAME], seconds))

    def newest(self, address: str) -> Instance:
        return [instance for instance in self._provider.observe(NAME) if instance.address == address][-1]

    def hurt(self, address: str, hurt: Hurt) -> tuple[float, float]:
        """Seconds until it was seen, and until it was mended."""
        before = self.newest(address)
        runs = set(self._runs())
        began, clock = time.perf_counter(), time.time()
        hurt(before)
        seen = None
        while time.perf_counter() - began < PATIENCE:
            heard = [event for event in self.hear(0.02) if event.address == address]
            if heard and seen is None:
                seen = time.perf_counter() - began
            now = self.newest(address)
            if now.health.state == "healthy" and _is_another(before, now):
                mended = time.perf_counter() - began
                return self._run_seen(runs, clock) or seen or mended, mended
        raise TimeoutError(f"{address} was not mended")

    def _runs(self) -> dict[str, float]:
        asked = {"flow_runs": {"tags": {"all_": ["drift"]}}, "sort": "START_TIME_DESC"}
        runs = self._api.http.post("/flow_runs/filter", json=asked).raise_for_status().json()
        return {run["id"]: datetime.fromisoformat(run["created"]).timestamp() for run in runs}

    def _run_seen(self, before: set[str], clock: float) -> float | None:
        """Seconds until a run was started because of it; None if none was needed."""
        return min((created - clock for run, created in self._runs().items() if run not in before), default=None)


def _is_another(before: Instance, now: Instance) -> bool:
    mark = (before.incarnation, before.restarts, before.health.since)
    return mark != (now.incarnation, now.restarts, now.health.since)


@contextmanager
def running(target: str) -> Iterator[Watched]:
    with plane() as served:
        api = Api(served)
        api.wait(api.start("provision", {"spec": spec(target), "source": str(ROOT)}))
        try:
            with opened(stored(spec(target)).target, settings().home) as provider:
                time.sleep(15)  # the looks after the start are over, and nothing counts as a crash at its start
                yield Watched(provider, api)
        finally:
            api.wait(api.start("teardown", {"stack": NAME, "delete_data": True}))


def main() -> None:
    target = sys.argv[1] if len(sys.argv) > 1 else "local"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with running(target) as stack:
        for name, (address, hurt, pause) in ACCIDENTS[target].items():
            times = []
            for _ in range(rounds):
                times.append(stack.hurt(address, hurt))
                time.sleep(pause)
            seen, mended = (statistics.median(column) for column in zip(*times, strict=True))
            worst = max(mended for _, mended in times)
            print(f"{name:24} seen {seen:.2f} s, mended {mended:.2f} s (longest {worst:.2f} s)", flush=True)


if __name__ == "__main__":
    main()
