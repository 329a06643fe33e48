"""The files of a volume: whatever the app's user wrote is served, and nothing else of it or around it."""

from pathlib import Path

import pytest
from docker import DockerClient

from infra_specs.errors import ProviderError
from tasks.providers.docker import DockerProvider
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.docker.docker_world import crash, made, official, proxy, stack, volume
from tests.tasks.providers.served_files import asked, assert_as_promised, files_route, files_server, fill

pytestmark = [pytest.mark.docker, pytest.mark.proof]


def test_files_are_served_as_promised_by_a_container_that_can_only_read(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient, tmp_path: Path
) -> None:
    store = made(provider, volume())
    door = f"127.0.0.1:{made(provider, proxy(images)).outputs['port']}"
    wanted = files_server(stack, store.outputs["path"], image=official(images, "nginx"), limit=2**26)
    server = made(provider, wanted)
    container = engine.containers.get("tenfold.shop.files.web.1")
    fill(tmp_path)
    script = " && ".join(
        f"busybox {line}"
        for line in ("cp -a /from/. /to/", "chown -R 4711:4711 /to", "chmod 0700 /to", "chmod 0600 /to/notes.txt")
    )
    written = engine.containers.run(
        images["tenfold-tiny:1"],
        ["sh", "-c", script],
        entrypoint=[],
        user="0:0",
        remove=True,
        volumes={str(tmp_path): {"bind": "/from", "mode": "ro"}, store.outputs["path"]: {"bind": "/to", "mode": "rw"}},
    )
    assert written == b""
    made(provider, files_route(server))
    assert_as_promised(door, server.outputs["endpoint"])

    code, output = container.exec_run(["sh", "-c", "echo x >/srv/files/new"])
    assert (code != 0, b"Read-only" in output) == (True, True)
    assert not container.attrs["HostConfig"]["PortBindings"], "the proxy alone is published"
    crash(container)
    wait_until(lambda: asked(door, "/media/notes.txt").status == 200, "it serves again")
    wait_healthy(provider, server)
    provider.destroy(server)
    assert engine.volumes.get(store.outputs["path"]).attrs["Labels"]["tenfold.address"] == "volume/database"


def test_it_serves_no_volume_that_is_not_there(provider: DockerProvider, images: dict[str, str]) -> None:
    wanted = files_server(stack, "nowhere", image=official(images, "nginx"), limit=2**26)
    with pytest.raises(ProviderError, match=r"files/web: its volume nowhere is not there: make the volume first"):
        provider.create(wanted)
