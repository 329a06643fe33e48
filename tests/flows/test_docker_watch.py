"""A release on a Docker Engine whose health is well and whose pages fail: undone by what the proxy in front counted."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from tasks.base.settings import settings
from tasks.ledger import Ledger, Release
from tests.flows.on_docker import done, door, shop, stack
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import alone, get

pytestmark = [pytest.mark.docker, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]

PROGRAM = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else int(sys.argv[1]))
        self.send_header("Content-Length", "0")
        self.end_headers()
ThreadingHTTPServer(("0.0.0.0", 8000), Pages).serve_forever()
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as environment:
        folder = tmp_path_factory.mktemp("watch") / "home"
        environment.setenv("TENFOLD_HOME", str(folder))
        yield folder


@pytest.fixture
def spec(engine: DockerClient, images: dict[str, str], home: Path) -> Iterator[dict[str, object]]:
    with alone(engine):
        command = ["python3", "-c", PROGRAM, "200"]
        whole = shop(images, image=images["tenfold-sample:1"], command=command, watch=600)
        yield {**whole, "needs": {}}


def releases() -> tuple[Release, ...]:
    with Ledger.open(settings()) as ledger:
        return ledger.releases.all(stack)


def test_one_whose_pages_fail_is_undone(spec: dict[str, object]) -> None:
    done(provision, spec=spec, source="/")
    port = door(spec)
    wait_until(lambda: get(port)[0] == 200, "it serves")
    assert {get(port)[0] for _ in range(40)} == {200}
    message = done(deploy, stack=stack, command=shlex.join(["python3", "-c", PROGRAM, "500"]))
    assert message.endswith("; watched for 600 s")
    assert {get(port)[0] for _ in range(40)} == {500}
    done(reconcile, stack=stack)
    bad, good = releases()
    assert (bad.state, good.state) == ("undone", "proven")
    assert "Fisher's exact test" in bad.message
    assert door(spec) == port
    assert {get(port)[0] for _ in range(40)} == {200}
