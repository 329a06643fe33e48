"""What a run that was killed leaves in the engine: no instance needs it, and whoever comes next takes it away."""

import pytest
from docker import DockerClient

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from tasks.providers.docker import DockerProvider
from tests.tasks.providers.docker.docker_world import cache, left, made, proxy, replica, route, stack, volume

pytestmark = [pytest.mark.docker, pytest.mark.proof]


class Killed(BaseException):
    """Where a process would have been killed."""


def killed(*_: object, **__: object) -> None:
    raise Killed


def test_the_network_and_the_files_of_the_proxy_go_after_the_last_container(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    provider.create(volume())
    provider.destroy(made(provider, proxy(images)))
    assert "tenfold.shop.proxy" in left(engine)
    provider.sweep(stack)
    assert left(engine) == ["tenfold.shop.volume.database.1"]


def test_the_proxy_forgets_replicas_that_are_gone(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    one, two = made(provider, replica(images)), made(provider, replica(images, 1))
    made(provider, proxy(images))
    way = made(provider, route(one, two))
    provider.update(way, route(two))
    container = engine.containers.get("tenfold.shop.proxy.main.1")

    def known(instance: Instance) -> bool:
        said = container.exec_run(["cat", "/etc/tenfold/endpoints-web.json"])
        return instance.outputs["endpoint"].rpartition(":")[0] in said.output.decode()

    provider.sweep(stack)
    assert known(one)
    assert known(two)
    provider.destroy(one)
    provider.sweep(stack)
    assert not known(one)
    assert known(two)


def test_files_go_with_their_container(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They hold passwords: no moment may be between the two."""
    instance = made(provider, cache(images))
    removed = provider._api.remove_container

    def then_killed(*args: object, **kwargs: object) -> None:
        removed(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(provider._api, "remove_container", then_killed)
    with pytest.raises(Killed):
        provider.destroy(instance)
    assert left(engine) == ["tenfold.shop"]


def test_files_of_a_container_that_somebody_removed_are_swept_while_the_stack_lives(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    made(provider, cache(images))
    made(provider, replica(images))
    engine.containers.get("tenfold.shop.cache.main.1").remove(force=True)
    assert len(engine.volumes.list(filters={"label": f"tenfold.stack={stack}"})) == 1
    provider.sweep(stack)
    assert left(engine) == ["tenfold.shop.replica.web-0.1", "tenfold.shop"]


def test_notes_of_what_is_gone_are_swept_and_routes_are_not(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    instance = made(provider, replica(images))
    made(provider, proxy(images))
    made(provider, route(instance))
    provider.update(instance, replica(images))
    assert any("note" in name for name in left(engine))
    engine.containers.get("tenfold.shop.replica.web-0.1").remove(force=True, v=True)
    provider.sweep(stack)
    assert [name for name in left(engine) if "note" in name] == ["tenfold.shop.route.web.1.note1"]
    assert [instance.address for instance in provider.observe(stack)] == ["proxy/main", "route/web"]


@pytest.mark.parametrize("at", ["stop", "remove_container"])
def test_what_began_to_end_is_ending_and_ends(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    made(provider, replica(images))
    two = made(provider, replica(images, 1))
    monkeypatch.setattr(provider._api, at, killed)
    with pytest.raises(Killed):
        provider.destroy(two)
    monkeypatch.undo()
    assert [(instance.address, instance.health.state) for instance in provider.observe(stack)] == [
        ("replica/web-0", "healthy"),
        ("replica/web-1", "ending"),
    ]
    looked = provider.look(two)
    assert looked
    assert looked.ending
    provider.sweep(stack)
    assert provider.look(two) is None
    assert left(engine) == ["tenfold.shop.replica.web-0.1", "tenfold.shop"]


def test_what_began_to_end_has_ended_before_another_takes_its_place(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that share a volume must never run beside one another."""
    instance = made(provider, cache(images))
    monkeypatch.setattr(provider._api, "stop", killed)
    with pytest.raises(Killed):
        provider.destroy(instance)
    monkeypatch.undo()
    made(provider, cache(images))
    assert [
        str(container.name)
        for container in engine.containers.list(all=True, filters={"label": f"tenfold.stack={stack}"})
    ] == ["tenfold.shop.cache.main.2"]


def test_an_image_that_is_nowhere_leaves_nothing(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    with pytest.raises(ProviderError, match="registry"):
        provider.create(replica(images, image="registry.invalid/shop:1"))
    assert left(engine) == []
