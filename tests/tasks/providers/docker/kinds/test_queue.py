"""The queue: what it has answered for is on its volume, whatever ends its container."""

import pytest
from docker import DockerClient

from tasks.providers.docker import DockerProvider
from tests.tasks.providers.docker.docker_world import cache, made, queue, volume

pytestmark = [pytest.mark.docker, pytest.mark.proof]


def test_jobs_outlive_the_container(provider: DockerProvider, images: dict[str, str], engine: DockerClient) -> None:
    store = provider.create(volume())
    for number in (1, 2):
        server = made(provider, queue(images, store.outputs["path"]))
        container = engine.containers.get(f"tenfold.shop.queue.main.{server.incarnation}")
        assert asked(container, f"RPUSH jobs {number}") == f":{number}"
        container.kill()
        provider.destroy(server)


def test_a_cache_that_is_used_as_a_queue_is_seen(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    server = made(provider, cache(images))
    assert asked(engine.containers.get("tenfold.shop.cache.main.1"), "RPUSH jobs 1") == ":1"
    assert provider.host.uses(server.stack)["cache/main"].queue_writes == 1


def asked(container, words: str) -> str:  # type: ignore[no-untyped-def] # the SDK has no types
    """The server's answer to one line, over its own network, with the password that its file has."""
    script = (
        "password=$(sed -n 's/^requirepass //p' /run/secrets/valkey.conf); exec 3<>/dev/tcp/127.0.0.1/6379; "
        f'printf "AUTH %s\\r\\n{words}\\r\\n" "$password" >&3; head -n 2 <&3 | tail -n 1'
    )
    code, output = container.exec_run(["bash", "-c", script])
    assert code == 0, output
    return str(output.decode().strip())
