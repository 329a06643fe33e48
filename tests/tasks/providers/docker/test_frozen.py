"""What a stack leans on is frozen, by the engine or by a signal, or ended: it is started again in its place."""

import os
import signal
import time
from collections.abc import Callable

import pytest
from docker import DockerClient

from infra_specs.resources.instance import Instance
from tasks.providers.docker import DockerProvider
from tasks.providers.docker.labels import name_of
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import cache, connected, database, get, made, proxy, replica, volume

pytestmark = [pytest.mark.docker, pytest.mark.proof]

Freeze = Callable[[DockerClient, Instance], None]


def paused(engine: DockerClient, instance: Instance) -> None:
    container_of(engine, instance).pause()


def signalled(engine: DockerClient, instance: Instance) -> None:
    os.kill(container_of(engine, instance).attrs["State"]["Pid"], signal.SIGSTOP)


def container_of(engine: DockerClient, instance: Instance):  # type: ignore[no-untyped-def]
    return engine.containers.get(name_of(instance.stack, instance.address, instance.incarnation))


def restarted(provider: DockerProvider, engine: DockerClient, instance: Instance) -> None:
    """Find it and start it again, as the control plane does; it is well then, and what it was."""
    restarts = provider.restarts
    assert restarts is not None
    identity = container_of(engine, instance).id

    def found() -> bool:
        return str(instance) in [str(hung) for hung in restarts.down(instance.stack)]

    wait_until(found, f"{instance} is known to hang")
    restarts.restart(instance)
    wait_until(lambda: (seen := provider.look(instance)) is not None and seen.health.state == "healthy", "it is well")
    assert container_of(engine, instance).id == identity
    assert restarts.down(instance.stack) == ()


def killed(engine: DockerClient, instance: Instance) -> None:
    """The engine does not start again what it is told to kill."""
    container_of(engine, instance).kill()


freezes = pytest.mark.parametrize("freeze", [paused, signalled, killed])


@freezes
def test_a_database(
    provider: DockerProvider,
    images: dict[str, str],
    engine: DockerClient,
    freeze: Freeze,
    outcome: Callable[[str, str], None],
) -> None:
    server = made(provider, database(images, made(provider, volume()).outputs["path"]))
    with connected(engine, server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    began = time.monotonic()
    freeze(engine, server)
    restarted(provider, engine, server)
    outcome(f"frozen database, {freeze.__name__}", f"back after {time.monotonic() - began:.1f} s")
    with connected(engine, server) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


@freezes
def test_a_cache(provider: DockerProvider, images: dict[str, str], engine: DockerClient, freeze: Freeze) -> None:
    server = made(provider, cache(images))
    freeze(engine, server)
    restarted(provider, engine, server)


@freezes
def test_a_proxy(provider: DockerProvider, images: dict[str, str], engine: DockerClient, freeze: Freeze) -> None:
    server = made(provider, proxy(images))
    assert get(server.outputs["port"])[0] == 404
    freeze(engine, server)
    restarted(provider, engine, server)
    assert get(server.outputs["port"])[0] == 404, "at the port that others know"


def test_a_replica_is_left_to_plans(provider: DockerProvider, images: dict[str, str], engine: DockerClient) -> None:
    web = made(provider, replica(images))
    paused(engine, web)
    restarts = provider.restarts
    assert restarts is not None
    for _ in range(4):
        assert restarts.down(web.stack) == ()
        time.sleep(1)


def test_what_has_a_successor_is_history(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    server = made(provider, cache(images))
    container_of(engine, server).kill()
    assert made(provider, cache(images)).incarnation == 2
    restarts = provider.restarts
    assert restarts is not None
    assert restarts.down(server.stack) == ()


def test_a_frozen_one_is_stopped_for_good_as_quickly_as_any(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    """A database may take a minute to end; one that cannot obey must not hold its stack's lock so long."""
    server = made(provider, database(images, made(provider, volume()).outputs["path"]))
    signalled(engine, server)
    wait_until(lambda: (seen := provider.look(server)) is not None and seen.failed, "it has failed")
    successor = made(provider, database(images, server_volume(provider, server)))
    assert successor.incarnation == 2
    state = container_of(engine, server).attrs["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 0), "it was let go on, and ended in order"


def server_volume(provider: DockerProvider, server: Instance) -> str:
    (store,) = [seen for seen in provider.observe(server.stack) if seen.kind == "volume"]
    return store.outputs["path"]
