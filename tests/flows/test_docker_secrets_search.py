"""A whole life on a Docker Engine with forty odd secrets as files: a failing build, a crash, a command, a teardown."""

import json
import logging
import shlex
from pathlib import Path

import pytest
from docker import DockerClient

from flows.deploy import deploy
from flows.provision import provision
from flows.run import run
from flows.teardown import teardown
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tests.flows.going import done, failed
from tests.flows.odd_secrets import command_lines, files_below, forty, told
from tests.flows.on_docker import containers, shop, stack
from tests.flows.test_docker_secrets import engine_tells, prefects_database
from tests.flows.test_secrets import everything_told
from tests.tasks.providers.docker.docker_world import alone

pytestmark = [pytest.mark.docker, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
tells_all = shlex.join([
    "sh", "-c",
    "env; export -p; cd /run/secrets; for each in *; do echo $each; cat $each; echo; cat $each | busybox base64; "
    "{ printf user:; cat $each; } | busybox base64 | busybox tr -d '\\n'; echo; "
    "busybox od -An -tx1 $each; done; exit 1",
])  # fmt: skip


async def test_forty_secrets_are_told_nowhere(
    engine: DockerClient, images: dict[str, str], home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    values = forty()
    env = {name.upper(): {"secret": name} for name in values}
    spec = shop(images, secrets="files", env=env)
    with Ledger.open(settings()) as ledger:
        for name, value in values.items():
            ledger.secrets.set(stack, name, value)
    with alone(engine):
        await done(provision, spec=spec, source="/")
        messages = [
            await failed(deploy, stack=stack, command=tells_all),
            await failed(run, stack=stack, service="web", command=tells_all),
            await failed(provision, spec=broken(spec, images, tmp_path, str(values["prefix"])), source=str(tmp_path)),
        ]
        assert "[secret prefix]" in messages[2]
        with Ledger.open(settings()) as ledger:
            values |= {name: ledger.secrets.value(stack, f"{name}-password", 1) for name in ("database", "cache")}
        tells = engine_tells(engine)
        written = tells.pop("docker logs")
        assert told({"docker logs": written}, values), "they are there to be told"
        assert told({**tells, "images": of_images(engine)}, values) == []

        await done(teardown, stack=stack, delete_data=True)
        assert containers(engine) == []
        places = {
            **files_below(home),
            **await everything_told(),
            "images": of_images(engine),
            "prefect's database": prefects_database(),
            "log": caplog.text.encode(),
            "messages": "\n".join(messages).encode(),
            "processes": command_lines(),
        }
    assert b"[secret " in places["logs"]
    assert told(places, values) == []


def broken(spec: dict[str, object], images: dict[str, str], folder: Path, secret: str) -> dict[str, object]:
    """The same stack with an image whose build writes a secret and fails."""
    (folder / "app").mkdir()
    (folder / "app" / "Dockerfile").write_text(f"FROM {images['tenfold-tiny:1']}\nRUN echo {secret}; false\n")
    return {**spec, "services": {"web": {"build": "app", "port": 8000, "replicas": 1}}}


def of_images(engine: DockerClient) -> bytes:
    """What the engine says of every image, and how each was made."""
    histories = [(image.attrs, image.history()) for image in engine.images.list()]
    return json.dumps(histories, ensure_ascii=False).encode()
