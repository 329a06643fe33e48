"""Ten times the users at once: from 1 replica to 10 and back, under an open loop of requests that is never interrupted.

Each request makes the app wait, not compute: 0.2 s, and 2 at once are what one replica serves well. What is counted:
how long from the first request too many to the decision, from the scale run's start until all new replicas are in the
proxy, and every request that failed, on the way up and on the way down.
"""

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import docker

from benchmarks.control_plane import Api
from benchmarks.docker.stack import Images
from benchmarks.load import Load, Result
from deployments import control_plane
from infra_specs.spec.load import from_data
from infra_specs.spec.stack import Stack
from tasks.ledger import KeptDecision, Ledger, Run
from tasks.providers import open_provider
from tasks.providers.base import Counts
from tasks.settings import settings
from tests.support.homes import temporary_home
from tests.tasks.providers.docker.world import alone

T = TypeVar("T")
name, service = "step", "web"
path = "/slow?seconds=0.2"
before, more = 5.0, 45.0
"""Requests a second: one in flight, and then ten."""
few = 2
"""What one request in flight is enough for after a jump: its own variation is kept free for an hour."""
calm_seconds = 60.0
patience = 900.0
ended = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
bounds = {"min": 1, "max": 10}


def on_docker() -> None:
    """The sample app in containers."""
    engine = docker.from_env()
    here = Images.of(engine)
    images = {known.rpartition(":")[0]: tag for known, tag in here.here.items()}
    web = {"image": here.app("1"), "port": 8000, "capacity": 1.4, "replicas": bounds}
    with alone(engine):
        _measure({"provider": "docker", "images": images}, web)


def on_local() -> None:
    """The sample app in processes."""
    folder = str(Path(__file__).parents[2] / "examples" / "app")
    _measure({"provider": "local"}, {"command": "python app.py", "folder": folder, "port": 8000, "capacity": 1.4,
                                     "replicas": bounds})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Place:
    """The stack, running, and who can be asked about it."""

    stack: Stack
    ledger: Ledger
    api: Api
    counts: Counts
    url: str

    def serving(self) -> int:
        """Replicas that the proxy takes for well."""
        found = self.counts.traffic(name).get(service)
        return sum(one.healthy for one in found.replicas.values()) if found else 0

    def decided(self, since: float) -> list[KeptDecision]:
        """The decisions that started a run since then, the first one first."""
        kept = self.ledger.decisions(name, service, 100)
        return [one for one in reversed(kept) if one.flow_run_id and one.decision.at > since]

    def run(self, kept: KeptDecision) -> Run | None:
        """The run that a decision started, once it has begun."""
        return next((one for one in self.ledger.history(name, 50) if one.flow_run_id == kept.flow_run_id), None)


def _measure(target: dict[str, Any], web: dict[str, Any]) -> None:
    spec = {"name": name, "target": target, "services": {service: web}}
    with _provisioned(spec) as place:
        with _under(place.url, before) as calm:
            up = _up_and_down(place)
        print(f"the step's requests: {up}\nthe others', up and down: {calm[0]}")
        failed, sent = up.failed + calm[0].failed, up.sent + calm[0].sent
        print(f"failed: {failed} of {sent}, {100 * failed / sent:.3f} %", flush=True)


def _up_and_down(place: _Place) -> Result:
    """Ten times the users come, stay for two minutes, and go."""
    time.sleep(calm_seconds)
    print(f"before: {place.serving()} replicas at {before:g} requests/s", flush=True)
    breach = time.time()
    step = Load.started(place.url, more)
    try:
        _tell_up(place, breach)
        time.sleep(calm_seconds)
    finally:
        up = step.stop()
    gone = time.time()
    _until(lambda: place.serving() <= few, "they have gone again")
    print(f"back down to {place.serving()} replicas {time.time() - gone:.0f} s after its end", flush=True)
    time.sleep(calm_seconds / 4)
    return up


def _tell_up(place: _Place, breach: float) -> None:
    """Each decision of the way up, and how long its replicas took to serve."""
    told, quiet = 0, time.monotonic()
    while time.monotonic() - quiet < (calm_seconds if told else patience):
        for kept in place.decided(breach)[told:]:
            told += 1
            run = _until(lambda kept=kept: place.run(kept), "its run begins")  # type: ignore[misc]
            _until(lambda kept=kept: place.serving() >= kept.decision.replicas, "all of them serve")  # type: ignore[misc]
            served = time.time()
            print(
                f"decision {kept.decision.at - breach:.1f} s after the breach: {kept.decision}\n"
                f"  its run began {run.began - kept.decision.at:.1f} s later; all {kept.decision.replicas} in the "
                f"proxy {served - run.began:.1f} s after that",
                flush=True,
            )
            quiet = time.monotonic()
        time.sleep(0.05)


@contextmanager
def _provisioned(spec: dict[str, Any]) -> Iterator[_Place]:
    """A control plane and an installation of their own, and in it the stack; all of it gone afterwards."""
    with temporary_home(), socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        os.environ["TENFOLD_SERVER_PORT"] = str(probe.getsockname()[1])
        probe.close()
        api = Api(control_plane.ensure())
        stack = from_data(spec)
        provider = open_provider(stack.target, settings().home)
        try:
            _done(api, "provision", {"spec": spec, "source": "/"})
            assert isinstance(provider, Counts)
            url = next(one.outputs["url"] for one in provider.observe(name) if one.kind == "route")
            with Ledger.open(settings()) as ledger:
                yield _Place(stack, ledger, api, provider, url.rstrip("/") + path)
        finally:
            _done(api, "teardown", {"stack": name, "delete_data": True, "wait": True})
            provider.close()
            control_plane.stop()
            shutil.rmtree(settings().home, ignore_errors=True)


def _done(api: Api, flow: str, parameters: dict[str, Any]) -> None:
    run = api.start(flow, parameters)
    state = _until(lambda: found if (found := api.state(run)) in ended else None, f"{flow} ends")
    if state != "COMPLETED":
        raise RuntimeError(f"{flow} is {state}")


@contextmanager
def _under(url: str, rate: float) -> Iterator[list[Result]]:
    load, found = Load.started(url, rate), list[Result]()
    try:
        yield found
    finally:
        found.append(load.stop())


def _until(look: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + patience
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"never: {what}")
        time.sleep(0.1)
    return found
