"""The first process of a replica: signals reach the app, what has ended is taken away, an init of its own stays one."""

import pytest
from docker import DockerClient

from tasks.providers.docker import DockerProvider
from tasks.providers.docker.engine.images import brings_init
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import made, replica

pytestmark = [pytest.mark.docker, pytest.mark.proof]
NAME = "tenfold.shop.replica.web-0.1"
DEAF = ["httpd", "-f", "-p", "8000", "-h", "/www"]
"""It asks for no signal, so as the first process it would get none and be killed after ten seconds."""
ORPHANS = ["sh", "-c", "(sh -c 'sleep 0.2 & echo $!' >/tmp/pid); exec httpd -f -p 8000 -h /www"]
"""Its grandchild ends without a parent that waits for it."""


def test_an_app_that_knows_no_signal_ends_at_once(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    instance = made(provider, replica(images, command=DEAF))
    first = engine.containers.get(NAME)
    assert first.exec_run(["cat", "/proc/1/comm"]).output.strip() == b"docker-init"
    first.stop(timeout=60)
    assert first.wait()["StatusCode"] == 143, "it was ended by the signal, and not killed"
    provider.destroy(instance)


def test_what_has_ended_is_taken_away(provider: DockerProvider, images: dict[str, str], engine: DockerClient) -> None:
    made(provider, replica(images, command=ORPHANS))
    first = engine.containers.get(NAME)
    processes = ["sh", "-c", "cat /proc/[0-9]*/stat"]
    wait_until(lambda: b"(sleep)" not in first.exec_run(processes).output, "the orphan is gone, and no zombie")


def test_an_image_with_an_init_of_its_own_keeps_it(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    provider.create(replica(images, command=["/init"]))
    assert not engine.containers.get(NAME).attrs["HostConfig"]["Init"]


@pytest.mark.pure
@pytest.mark.parametrize(
    ("words", "brings"),
    [
        (("/init",), True),
        (("docker-php-entrypoint", "/init"), True),
        (("/usr/bin/tini", "--", "gunicorn"), True),
        (("gunicorn", "app:app"), False),
        ((), False),
    ],
)
def test_what_brings_an_init(words: tuple[str, ...], brings: bool) -> None:
    assert brings_init(words) == brings
