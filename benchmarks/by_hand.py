"""The floor: a stack's own services, same programs and settings, started by hand all at once: no orchestrator."""

import asyncio
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra_specs.resources.resource import Ref, Reference, Resource
from tasks.providers.local.kinds.database import database
from tasks.providers.local.kinds.proxy import proxy
from tasks.providers.local.kinds.replica import replica
from tasks.providers.local.kinds.route import put_route
from tasks.providers.local.kinds.valkey import cache
from tasks.providers.local.kinds.volume import put_volume, volumes
from tasks.providers.local.stack_folder import StackFolder
from tasks.supervisor.family import Kept
from tasks.supervisor.port_owner import PortOwner
from tasks.supervisor.probing import CannotAsk, ProbeFailed, ask
from tasks.supervisor.process import Process

KINDS = {"database": database, "cache": cache, "proxy": proxy, "replica": replica}


class ByHand:
    """Start with `up`, which returns when the page is answered through the proxy; end with `down`."""

    def __init__(self, home: Path, resources: Iterable[Resource]) -> None:
        self._place = StackFolder(home, "quickstart")
        self._resources = tuple(resources)
        self._running: dict[str, tuple[Process, subprocess.Popen[bytes]]] = {}
        self._outputs: dict[str, dict[str, str]] = {}

    def up(self) -> float:
        """Seconds until everything is healthy: databases by their protocols, replicas and the page by HTTP."""
        began = time.perf_counter()
        with self._place.locked():
            pass  # makes its folders
        processes = [process for resource in self._resources if (process := self._prepared(resource)) is not None]
        with ThreadPoolExecutor(len(processes)) as threads:
            list(threads.map(self._start, processes))
        url = self._outputs["route/web"]["url"]
        _answers(int(url.split(":")[2].split("/")[0]), "/")
        return time.perf_counter() - began

    def kill_and_start(self, name: str) -> float:
        """Seconds until a process answers again that was killed and is started at once."""
        process, running = self._running[name]
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        began = time.perf_counter()
        self._start(process)
        return time.perf_counter() - began

    def down(self) -> None:
        for _, running in self._running.values():
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()

    def _prepared(self, resource: Resource) -> Process | None:
        resolved = resource.resolved(self._value)
        if resource.kind == "volume":
            put_volume(self._place, resolved, 1)
            self._outputs[resource.address] = dict(next(iter(volumes(self._place))).outputs)
            return None
        if resource.kind == "route":
            put_route(self._place, resolved, 1)
            self._outputs[resource.address] = {"url": self._outputs["proxy/main"]["url"] + "/"}
            return None
        process = KINDS[resource.kind](self._place, resolved, 1)
        self._outputs[resource.address] = dict(process.labels["outputs"])
        return process

    def _value(self, reference: Reference) -> str:
        return self._outputs[reference.address][reference.output] if isinstance(reference, Ref) else "by-hand"

    def _start(self, process: Process) -> None:
        for command in process.prepare:
            subprocess.run(command, env=dict(process.env), check=True, stdout=subprocess.DEVNULL)
        running = subprocess.Popen(
            process.argv, env=dict(process.env), cwd=process.cwd, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._running[process.name] = process, running
        probe = process.probe
        if probe is None:
            return
        owner = PortOwner(probe.port, lambda: Kept(running.pid, None, (), os.getpid(), None), None)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                asyncio.run(ask(process, probe, owner))
            except (ProbeFailed, CannotAsk):
                time.sleep(0.02)
            else:
                return
        raise TimeoutError(f"{process.name} does not answer")


def _answers(port: int, path: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.02)
    raise TimeoutError(f"port {port} did not answer {path}")
