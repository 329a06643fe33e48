"""A replica with one worker: busy it is not ready and lives on, stopped it has failed; both by real containers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from docker import DockerClient

from infra_specs.resources.instance import Instance
from tasks.providers.docker import DockerProvider
from tasks.providers.docker.labels import name_of
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import get, made, proxy, replica, route, stack
from tests.tasks.providers.looks import health_of

pytestmark = [pytest.mark.docker, pytest.mark.proof]

SINGLE = """
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Single(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/work":
            time.sleep(12)
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"done")
HTTPServer(("0.0.0.0", 8000), Single).serve_forever()
"""
"""One request at a time; `/work` takes longer than the probes that a decision needs."""


@pytest.fixture
def worker(provider: DockerProvider, images: dict[str, str]) -> Instance:
    command = ["python3", "-c", SINGLE]
    return made(provider, replica(images, image=images["tenfold-sample:1"], command=command))


def process_of(engine: DockerClient, instance: Instance) -> int:
    container = engine.containers.get(name_of(instance.stack, instance.address, instance.incarnation))
    return int(container.attrs["State"]["Pid"])


def test_a_busy_one_is_not_ready_and_ends_its_request(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient, worker: Instance
) -> None:
    port = made(provider, proxy(images)).outputs["port"]
    made(provider, route(worker))
    wait_until(lambda: get(port)[0] == 200, "it serves")
    process = process_of(engine, worker)
    with ThreadPoolExecutor(2) as pool:
        work = pool.submit(get, port, "/work")
        wait_until(lambda: health_of(provider, worker).state == "unready", "it is busy")
        waiting = pool.submit(get, port)
        assert (work.result(), waiting.result()) == ((200, "done"), (200, "done")), "the only one still gets requests"
    wait_until(lambda: health_of(provider, worker).state == "healthy", "it is ready again")
    assert process_of(engine, worker) == process


def test_a_stopped_one_has_failed(provider: DockerProvider, engine: DockerClient, worker: Instance) -> None:
    engine.containers.get(name_of(stack, worker.address, worker.incarnation)).stop(timeout=1)
    wait_until(lambda: health_of(provider, worker).state == "failed", "its end is seen")
    assert health_of(provider, worker).reason.startswith("exited with")
