"""A secret that is bytes is a file of the container's own, whatever its service says of secrets."""

import io
import tarfile

import pytest

from infra_specs.resources.resource import Resource, SecretRef, Setting
from tasks.providers.docker.containers.container import archive
from tasks.providers.docker.kinds.replica import replica

pytestmark = pytest.mark.pure
DATA = b"\x30\x82\x00\xff\r\n"


def test_a_program_is_given_the_path_of_its_bytes() -> None:
    settings: dict[str, Setting] = {"service": "web", "image": "shop:1", "command": [], "health": "/", "port": 80,
                "env": {"STORE": SecretRef("store"), "PLAIN": "text"}, "files": {"KEY": "its value"}}  # fmt: skip
    resource = Resource("shop", "replica/web-0", "replica", settings).resolved(lambda _: DATA)
    container = replica(resource, "10.0.0.2").container
    assert container.env == {
        "PLAIN": "text", "PORT": "80", "KEY_FILE": "/run/secrets/KEY", "STORE_FILE": "/run/secrets/STORE",
    }  # fmt: skip
    assert container.files == {"STORE": DATA, "KEY": "its value"}
    with tarfile.open(fileobj=io.BytesIO(archive(container.files))) as tar:
        kept = tar.extractfile("STORE")
        assert kept is not None
        assert kept.read() == DATA
