"""The whole of a stack: everything together, what is left after it, what is true after an accident."""

import socket
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from docker import DockerClient

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from tasks.providers.docker import DockerProvider
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.docker.docker_world import (
    cache,
    connected,
    crash,
    database,
    failed,
    get,
    left,
    made,
    proxy,
    replica,
    route,
    stack,
    volume,
)
from tests.tasks.providers.looks import health_of

pytestmark = [pytest.mark.docker, pytest.mark.proof]


def whole(provider: DockerProvider, images: dict[str, str], name: str = stack, replicas: int = 2) -> list[Instance]:
    """Everything that a stack can have, well."""
    store = provider.create(volume(name))
    wanted = [
        database(images, store.outputs["path"], stack=name),
        cache(images, stack=name),
        proxy(images, stack=name),
        *(replica(images, slot, stack=name) for slot in range(replicas)),
    ]
    with ThreadPoolExecutor(8) as threads:
        begun = list(threads.map(provider.create, wanted))
    instances = [wait_healthy(provider, each) for each in begun]
    return [*instances, made(provider, route(*instances[3:], stack=name))]


def test_everything_together_and_nothing_left_of_it(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    instances = whole(provider, images)
    door = next(instance for instance in instances if instance.kind == "proxy")
    assert get(door.outputs["port"])[1].startswith("release 1")
    assert get(door.outputs["port"], "/nowhere")[0] == 404
    assert instances[-1].outputs["url"] == f"{door.outputs['url']}/"
    assert provider.stacks() == (stack,)
    for instance in reversed(provider.observe(stack)):
        if not instance.stateful:
            provider.destroy(instance)
            provider.destroy(instance)
    assert [instance.address for instance in provider.observe(stack)] == ["volume/database"]
    provider.sweep(stack)
    assert left(engine) == ["tenfold.shop.volume.database.1"]
    provider.destroy(provider.observe(stack)[0])
    assert provider.stacks() == ()
    assert left(engine) == []


def test_data_outlives_the_server_and_is_nobodys_without_the_password(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    store = provider.create(volume())
    server = made(provider, database(images, store.outputs["path"]))
    with connected(engine, server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        connection.commit()
    with pytest.raises(psycopg.OperationalError, match="password"), connected(engine, server, "guessed"):
        raise AssertionError("it let us in")
    provider.destroy(server)
    again = made(provider, database(images, store.outputs["path"]))
    with connected(engine, again) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        assert connection.execute("SHOW shared_buffers").fetchone() == ("32MB",)


def test_a_new_password_holds_for_the_data_that_is_there(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    store = provider.create(volume())
    made(provider, database(images, store.outputs["path"]))
    password = 'it\'s \\ another\n"one"'
    server = made(provider, database(images, store.outputs["path"], password, version=2))
    assert server.incarnation == 2
    with connected(engine, server, password) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="password"), connected(engine, server):
        raise AssertionError("the old password holds still")
    assert "another" not in provider.logs(server, 1000)


def test_a_killed_container_is_back(provider: DockerProvider, images: dict[str, str], engine: DockerClient) -> None:
    instance = made(provider, replica(images))
    container = engine.containers.get("tenfold.shop.replica.web-0.1")
    crash(container)
    wait_until(lambda: engine.containers.get(container.id).attrs["RestartCount"] > 0, "it was started again")
    back = wait_healthy(provider, instance)
    assert back.outputs == instance.outputs
    assert back.incarnation == 1


def test_a_command_that_is_not_there_is_a_failure_with_its_name(
    provider: DockerProvider, images: dict[str, str]
) -> None:
    sick = provider.create(replica(images, command=["gunicornn", "app:app"]))
    health = failed(provider, sick)
    assert "a program that is not there: gunicornn app:app" in health.reason
    assert "gunicornn" in provider.logs(sick, 10)


def test_what_crashes_again_and_again_is_a_failure_with_its_log(
    provider: DockerProvider, images: dict[str, str]
) -> None:
    sick = provider.create(replica(images, image=images["tenfold-tiny:crash"]))
    assert "exited with 1" in failed(provider, sick).reason
    assert "no such table: users" in provider.logs(sick, 10)
    assert provider.logs(sick, 0) == ""


def test_what_runs_out_of_memory_says_so_with_its_limit(provider: DockerProvider, images: dict[str, str]) -> None:
    greedy = ["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=100"]
    sick = provider.create(replica(images, command=greedy, limit=16 * 2**20))
    assert "ran out of memory (limit 16 MB)" in failed(provider, sick).reason


def test_what_never_answers_well_says_how(provider: DockerProvider, images: dict[str, str]) -> None:
    sick = provider.create(replica(images, image=images["tenfold-tiny:sick"]))
    wait_until(lambda: "404" in health_of(provider, sick).reason, "it was asked")
    assert health_of(provider, sick).state == "starting"


def test_a_missing_image_is_named_with_what_to_do(provider: DockerProvider, images: dict[str, str]) -> None:
    with pytest.raises(ProviderError, match=r"registry\.invalid/shop:1") as refused:
        provider.create(replica(images, image="registry.invalid/shop:1"))
    assert "docker login registry.invalid" in str(refused.value)
    assert "images" in str(refused.value)


def test_a_missing_volume_is_not_made_on_the_way(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    with pytest.raises(ProviderError, match="make the volume first"):
        provider.create(database(images, "tenfold.shop.volume.database.1"))
    assert not [each for each in left(engine) if "volume" in each]


def test_a_taken_port_is_said(provider: DockerProvider, images: dict[str, str]) -> None:
    mine = made(provider, proxy(images))
    with pytest.raises(ProviderError, match="port"):
        provider.create(proxy(images, port=int(mine.outputs["port"]), stack="other"))


def test_one_that_was_made_and_never_started_is_finished(
    provider: DockerProvider, images: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(provider._api, "start", killed)
    with pytest.raises(KeyboardInterrupt):
        provider.create(cache(images))
    monkeypatch.undo()
    (seen,) = provider.observe(stack)
    assert seen.health.state == "failed"
    assert "never started" in seen.health.reason
    assert made(provider, cache(images)).incarnation == 1


def test_one_whose_port_was_taken_before_it_was_started_gets_another(
    provider: DockerProvider, images: dict[str, str], monkeypatch: pytest.MonkeyPatch, engine: DockerClient
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(provider._api, "start", killed)
    with pytest.raises(KeyboardInterrupt):
        provider.create(proxy(images))
    monkeypatch.undo()
    (seen,) = provider.observe(stack)
    with socket.create_server(("127.0.0.1", int(seen.outputs["port"]))):
        again = made(provider, proxy(images))
    assert again.incarnation == 1
    assert again.outputs["port"] != seen.outputs["port"]


def test_addresses_are_kept_over_a_restart(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    instances = [made(provider, replica(images, slot)) for slot in range(2)]
    containers = [engine.containers.get(f"tenfold.shop.replica.web-{slot}.1") for slot in range(2)]
    for container in containers:
        container.stop(timeout=1)
    for container in reversed(containers):
        container.start()
    for instance in instances:
        assert wait_healthy(provider, instance).outputs == instance.outputs
