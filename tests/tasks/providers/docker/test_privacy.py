"""Who can reach what, and who can read what."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from docker import DockerClient
from docker.models.containers import Container

from tasks.providers.docker import DockerProvider, network
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import (
    cache,
    database,
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

pytestmark = pytest.mark.docker

SECRET = "a-generated-password-0815"


def test_no_generated_secret_is_in_what_the_engine_tells(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    store = provider.create(volume())
    made(provider, database(images, store.outputs["path"], SECRET))
    made(provider, cache(images, SECRET))
    made(provider, replica(images, files={"DATABASE_URL": f"postgresql://app:{SECRET}@database.main/app"}))
    told = json.dumps([each.attrs for each in everything(engine)])
    assert "tenfold.stack" in told
    assert SECRET not in told
    one = engine.containers.get("tenfold.shop.replica.web-0.1")
    assert "DATABASE_URL_FILE=/run/secrets/DATABASE_URL" in one.attrs["Config"]["Env"]
    assert SECRET in one.exec_run(["cat", "/run/secrets/DATABASE_URL"]).output.decode()
    one.restart(timeout=1)
    assert SECRET in one.exec_run(["cat", "/run/secrets/DATABASE_URL"]).output.decode()


def test_the_services_of_the_catalogue_may_nothing(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    store = provider.create(volume())
    made(provider, database(images, store.outputs["path"]))
    made(provider, cache(images))
    made(provider, proxy(images))
    for container in containers(engine):
        host = container.attrs["HostConfig"]
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert not host["CapAdd"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["LogConfig"]["Config"]["max-size"]
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        status = (Path("/proc") / str(container.attrs["State"]["Pid"]) / "status").read_text()
        user = next(line.split()[1] for line in status.splitlines() if line.startswith("Uid:"))
        assert user != "0"


def test_a_replica_has_its_limits(provider: DockerProvider, images: dict[str, str], engine: DockerClient) -> None:
    made(provider, replica(images, limit=64 * 2**20, cpus=0.5))
    (container,) = containers(engine)
    assert container.attrs["HostConfig"]["Memory"] == 64 * 2**20
    assert container.attrs["HostConfig"]["NanoCpus"] == 500_000_000


def test_nothing_of_a_stack_is_reachable_from_another(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    """By address, by name, or by what the engine publishes on loopback, at each port at which anything listens."""
    store = provider.create(volume())
    made(provider, database(images, store.outputs["path"]))
    made(provider, cache(images))
    made(provider, replica(images))
    door = made(provider, proxy(images))
    made(provider, cache(images, stack="other"))
    within = engine.containers.get("tenfold.shop.cache.main.1")
    beyond = engine.containers.get("tenfold.other.cache.main.1")
    heard = set()
    for container in containers(engine):
        bare = address(container)
        for where, port in listening(container.attrs["State"]["Pid"]):
            if not where.startswith("127."):
                assert opens(within, bare, port), container.name
                assert not opens(beyond, bare, port), container.name
                heard.add((str(container.name).split(".")[2], port))
    assert heard == {("database", 5432), ("cache", 6379), ("replica", 8000), ("proxy", 8080)}
    for name, port in (("database.main", 5432), ("web-0", 8000), ("web", 8000), ("proxy.main", 8080)):
        assert opens(within, name, port)
        assert not opens(beyond, name, port)
    gateway = engine.networks.get("tenfold.other").attrs["IPAM"]["Config"][0]["Gateway"]
    assert not opens(beyond, gateway, int(door.outputs["port"]))


def test_only_the_proxy_listens_and_beyond_loopback_only_for_what_is_public(
    provider: DockerProvider, images: dict[str, str]
) -> None:
    before = listening()
    store = provider.create(volume())
    made(provider, database(images, store.outputs["path"]))
    made(provider, cache(images))
    instance = made(provider, replica(images))
    door = made(provider, proxy(images))
    made(provider, route(instance))
    assert listening() - before == {("127.0.0.1", int(door.outputs["port"]))}
    provider.destroy(door)
    door = made(provider, proxy(images, public=True))
    public = int(door.outputs["public_url"].rpartition(":")[2])
    found = listening() - before
    assert {port for _, port in found} == {int(door.outputs["port"]), public}
    assert {port for address, port in found if address != "127.0.0.1"} == {public}
    wait_until(lambda: get(door.outputs["port"])[0] == 200, "the inner door leads to everything")
    assert get(str(public))[0] == 404


def test_where_the_networks_are_out_of_reach_it_asks_from_inside(
    provider: DockerProvider, images: dict[str, str], monkeypatch: pytest.MonkeyPatch, engine: DockerClient
) -> None:
    monkeypatch.setattr(network.Network, "is_near", property(lambda _: False))
    store = provider.create(volume())
    made(provider, proxy(images))
    made(provider, database(images, store.outputs["path"]))
    made(provider, cache(images))
    made(provider, replica(images))
    sick = provider.create(replica(images, 1, image=images["tenfold-tiny:sick"]))
    wait_until(lambda: "404" in health_of(provider, sick).reason, "it was asked")
    away = provider.create(replica(images, 2, command=["sleep", "60"]))
    wait_until(lambda: "refused" in health_of(provider, away).reason, "it was asked")


def test_what_is_not_ours_is_never_touched(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    name = f"tenfold-test-foreign-{token_hex(4)}"
    instance = engine.volumes.create(name)
    other = engine.containers.create(images["tenfold-tiny:1"], name=name)
    try:
        provider.destroy(made(provider, replica(images)))
        provider.sweep(stack)
        assert provider.stacks() == ()
        assert engine.containers.get(other.id).status == "created"
        assert engine.volumes.get(instance.id)
        assert left(engine) == []
    finally:
        other.remove()
        instance.remove()


def opens(inside: Container, host: str, port: int) -> bool:
    """Whether a connection comes about from inside a container."""
    command = ["timeout", "1", "bash", "-c", f"exec 3<>/dev/tcp/{host}/{port}"]
    return bool(inside.exec_run(command).exit_code == 0)


def containers(engine: DockerClient) -> list[Container]:
    return engine.containers.list(all=True, filters={"label": f"tenfold.stack={stack}"})


def everything(engine: DockerClient) -> Iterator[Any]:
    filters = {"label": f"tenfold.stack={stack}"}
    yield from containers(engine)
    yield from engine.volumes.list(filters=filters)
    yield from engine.networks.list(filters=filters)


def address(container: Container) -> str:
    (network,) = container.attrs["NetworkSettings"]["Networks"].values()
    return str(network["IPAddress"])


def listening(process: int | str = "self") -> set[tuple[str, int]]:
    """(address, port) of everything that listens where a process is, as the kernel tells. Where the tests are, only
    what the engine holds: other tests listen there, too.
    """
    held = sockets_of_the_engine() if process == "self" else None
    found = set()
    for table in ("tcp", "tcp6"):
        path = Path("/proc") / str(process) / "net" / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[3] == "0A" and (held is None or fields[9] in held):
                where, port = fields[1].split(":")
                bare = ".".join(str(each) for each in reversed(bytes.fromhex(where))) if table == "tcp" else "::"
                found.add((bare, int(port, 16)))
    return found


def sockets_of_the_engine() -> set[str]:
    """The sockets, as the kernel numbers them, of the programs that publish ports of containers."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "comm").read_text().strip() not in ("dockerd", "docker-proxy"):
                continue
            for path in (process / "fd").iterdir():
                with suppress(OSError):
                    found.add(path.readlink().name.removeprefix("socket:[").rstrip("]"))
    return found
