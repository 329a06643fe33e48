"""Ten times the users at once: from 1 replica to 10 and back, under an open loop of requests that is never interrupted.

Each request makes the app wait, not compute: 0.2 s, and 2 at once are what one replica serves well. What is counted:
how long from the first request too many to the decision, from the scale run's start until all new replicas are in the
proxy, and every request that failed, on the way up and on the way down.
"""

import time
from pathlib import Path
from typing import Any

import docker

from benchmarks.autoscale.running_stack import PATIENCE, SERVICE, RunningStack, provisioned, wait_until
from benchmarks.docker.stack import Images
from benchmarks.load import Load, Result, load
from tests.tasks.providers.docker.docker_world import alone

NAME = "step"
PATH = "/slow?seconds=0.2"
BEFORE, MORE = 5.0, 45.0
"""Requests a second: one in flight, and then ten."""
FEW = 2
"""What one request in flight is enough for after a jump: its own variation is kept free for an hour."""
CALM_SECONDS = 60.0
BOUNDS = {"min": 1, "max": 10}


def on_docker() -> None:
    """The sample app in containers."""
    engine = docker.from_env()
    built_images = Images.of(engine)
    images = {known.rpartition(":")[0]: tag for known, tag in built_images.here.items()}
    web = {"image": built_images.app("1"), "port": 8000, "capacity": 1.4, "replicas": BOUNDS}
    with alone(engine):
        _measure({"provider": "docker", "images": images}, web)


def on_local() -> None:
    """The sample app in processes."""
    folder = str(Path(__file__).parents[2] / "examples" / "app")
    _measure({"provider": "local"}, {"command": "python app.py", "folder": folder, "port": 8000, "capacity": 1.4,
                                     "replicas": BOUNDS})  # fmt: skip


def _measure(target: dict[str, Any], web: dict[str, Any]) -> None:
    spec = {"name": NAME, "target": target, "services": {SERVICE: web}}
    with provisioned(spec) as (running_stack,):
        with load(running_stack.url + PATH, BEFORE) as calm:
            up = _up_and_down(running_stack)
        print(f"the step's requests: {up}\nthe others', up and down: {calm[0]}")
        failed, sent = up.failed + calm[0].failed, up.sent + calm[0].sent
        print(f"failed: {failed} of {sent}, {100 * failed / sent:.3f} %", flush=True)


def _up_and_down(place: RunningStack) -> Result:
    """Ten times the users come, stay for two minutes, and go."""
    time.sleep(CALM_SECONDS)
    print(f"before: {place.serving()} replicas at {BEFORE:g} requests/s", flush=True)
    breach = time.time()
    step = Load.started(place.url + PATH, MORE)
    try:
        _tell_up(place, breach)
        time.sleep(CALM_SECONDS)
    finally:
        up = step.stop()
    gone = time.time()
    wait_until(lambda: place.serving() <= FEW, "they have gone again")
    print(f"back down to {place.serving()} replicas {time.time() - gone:.0f} s after its end", flush=True)
    time.sleep(CALM_SECONDS / 4)
    return up


def _tell_up(place: RunningStack, breach: float) -> None:
    """Each decision of the way up, and how long its replicas took to serve."""
    told, quiet = 0, time.monotonic()
    while time.monotonic() - quiet < (CALM_SECONDS if told else PATIENCE):
        for record in place.decided(breach)[told:]:
            told += 1
            run = wait_until(lambda kept=record: place.run(kept), "its run begins")  # type: ignore[misc]
            wait_until(lambda kept=record: place.serving() >= kept.decision.replicas, "all of them serve")  # type: ignore[misc]
            served = time.time()
            print(
                f"decision {record.decision.at - breach:.1f} s after the breach: {record.decision}\n"
                f"  its run began {run.began - record.decision.at:.1f} s later; all {record.decision.replicas} in the "
                f"proxy {served - run.began:.1f} s after that",
                flush=True,
            )
            quiet = time.monotonic()
        time.sleep(0.05)
