"""The database's first start, cut off: begun anew if nobody was ever served, and real data is never touched."""

from collections.abc import Callable
from pathlib import Path

import pytest
from docker import DockerClient
from docker.models.containers import Container

from infra_specs.resources.instance import Instance
from tasks.providers.docker import DockerProvider
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.docker.docker_world import connected, crash, database, made, volume
from tests.tasks.providers.looks import health_of

pytestmark = [pytest.mark.docker, pytest.mark.proof]

DATA = "/var/lib/postgresql/18/docker"
MOMENTS: dict[str, Callable[[Container], bool]] = {
    "initdb has begun": lambda one: seen(one, f"{DATA}/PG_VERSION"),
    "the server that makes the app's database runs": lambda one: seen(one, f"{DATA}/postmaster.pid"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_first_start_that_was_cut_off_begins_anew(
    moment: str, provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    store = provider.create(volume())
    server = provider.create(database(images, store.outputs["path"]))
    container = engine.containers.get("tenfold.shop.database.main.1")
    wait_until(lambda: MOMENTS[moment](container), moment)
    crash(container)
    wait_healthy(provider, server)
    assert "beginning anew" in provider.logs(server, 1000)
    with connected(engine, server) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("app",)
    assert not there(container, "/var/lib/postgresql/.first")


def test_what_was_served_once_is_never_begun_anew(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    store = provider.create(volume())
    server = made(provider, database(images, store.outputs["path"]))
    keep(engine, server)
    container = engine.containers.get("tenfold.shop.database.main.1")
    for _ in range(2):
        before = engine.containers.get(str(container.id)).attrs["RestartCount"]
        crash(container)
        wait_until(
            lambda: engine.containers.get(str(container.id)).attrs["RestartCount"] > before,  # noqa: B023
            "it was started again",
        )
        wait_healthy(provider, server)
    with connected(engine, server) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert "beginning anew" not in provider.logs(server, 1000)


def test_a_broken_cluster_without_the_mark_is_left_as_it_is(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    """Its version is lost, as after a disk's fault: it may hold real data, so it is a failure and not a beginning."""
    store = provider.create(volume())
    server = made(provider, database(images, store.outputs["path"]))
    keep(engine, server)
    container = engine.containers.get("tenfold.shop.database.main.1")
    assert container.exec_run(["mv", f"{DATA}/PG_VERSION", f"{DATA}/lost"]).exit_code == 0
    container.restart()
    wait_until(lambda: health_of(provider, server).state == "failed", "it failed")
    container.stop()
    image = next(iter(container.image.tags)) if container.image else ""
    mend = ["sh", "-c", f"mv {DATA}/lost {DATA}/PG_VERSION"]
    mount = {store.outputs["path"]: {"bind": "/var/lib/postgresql", "mode": "rw"}}
    engine.containers.run(image, mend, entrypoint="", user="postgres", volumes=mount, remove=True)
    container.start()
    wait_until(lambda: health_of(provider, server).state == "healthy", "it serves again")
    with connected(engine, server) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def keep(engine: DockerClient, server: Instance) -> None:
    with connected(engine, server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        connection.commit()


def seen(container: Container, path: str) -> bool:
    """The same from outside, at once: an `exec` takes a tenth of what it is to hit."""
    container.reload()
    found = Path(f"/proc/{container.attrs['State']['Pid']}/root{path}")
    return found.exists() and found.stat().st_size > 0


def there(container: Container, path: str) -> bool:
    """Whether a file is there; it may be gone again."""
    return bool(container.exec_run(["test", "-s", path]).exit_code == 0)


def test_the_programs_beside_it_need_not_be_told_whom_to_ask_for(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    made(provider, database(images, provider.create(volume()).outputs["path"]))
    container = engine.containers.get("tenfold.shop.database.main.1")
    assert container.exec_run(["psql", "-tAc", "SELECT current_database()"]).output == b"app\n"
    code, dump = container.exec_run(["pg_dump", "--schema-only"])
    assert (code, b"PostgreSQL database dump complete" in dump) == (0, True)
