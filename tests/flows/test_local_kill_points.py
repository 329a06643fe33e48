"""On real processes: a run killed at every kind of resource, run again, leaves the stack well and nobody astray."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prefect import Flow

from flows.provision import provision
from flows.scale import scale
from flows.teardown import teardown
from infra_specs.resources.instance import Instance
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.local import LocalProvider
from tasks.supervisor.client import Supervisor
from tests.support.children import run
from tests.support.homes import running_home
from tests.tasks.providers.local.world import app, get, processes_naming

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.proof]

STACK = "killed"
SPEC: dict[str, Any] = {
    "name": STACK,
    "target": {"provider": "local"},
    "services": {
        "web": {
            "command": ["python3", "-S", str(app)],
            "port": 80,
            "replicas": {"min": 1, "max": 3},
            "env": {"NAME": "x"},
        }
    },
    "needs": {"database": "postgres", "cache": "valkey"},
}
Step = tuple[Flow[..., Any], dict[str, Any]]
PROVISIONED: Step = (provision, {"spec": SPEC, "source": "/"})
GROWN: Step = (scale, {"stack": STACK, "service": "web", "replicas": 2})
SHRUNK: Step = (scale, {"stack": STACK, "service": "web", "replicas": 1})
TORN_DOWN: Step = (teardown, {"stack": STACK})

ONE_REPLICA = [
    "cache/main", "database/main", "proxy/main", "replica/web-0", "route/web", "volume/database",
]  # fmt: skip
made = [f"{side} create {address}" for address in ONE_REPLICA for side in ("before", "after")]
destroyed = [
    f"{side} destroy {address}" for address in ONE_REPLICA if not address.startswith("volume/")
    for side in ("before", "after")
]  # fmt: skip


@pytest.fixture
def home() -> Iterator[Path]:
    with running_home() as home:
        yield home


@pytest.mark.parametrize("point", made)
def test_provision(
    point: str, home: Path, prefect_server: None, record_property: Callable[[str, object], None]
) -> None:
    record_property("points", 1)
    killed_at(point, PROVISIONED)
    done(PROVISIONED)
    well(home, ONE_REPLICA)
    assert "nothing to do" in done(PROVISIONED)


def test_scale(home: Path, prefect_server: None, record_property: Callable[[str, object], None]) -> None:
    done(PROVISIONED)
    write_down(home)
    two_replicas = sorted([*ONE_REPLICA, "replica/web-1"])
    out = (
        "before create replica/web-1",
        "after create replica/web-1",
        "before update route/web",
        "after update route/web",
    )
    back = (
        "before update route/web",
        "after update route/web",
        "before destroy replica/web-1",
        "after destroy replica/web-1",
    )
    for at_out, at_back in zip(out, back, strict=True):
        for point, step, wanted in ((at_out, GROWN, two_replicas), (at_back, SHRUNK, ONE_REPLICA)):
            killed_at(point, step)
            done(step)
            well(home, wanted)
            assert read(home) == "kept", point
    record_property("points", len(out) + len(back))


@pytest.mark.parametrize("point", destroyed)
def test_teardown(point: str, home: Path, prefect_server: None, record_property: Callable[[str, object], None]) -> None:
    record_property("points", 1)
    done(PROVISIONED)
    write_down(home)
    killed_at(point, TORN_DOWN)
    done(TORN_DOWN)
    assert [str(instance) for instance in observed(home)] == ["volume/database"]
    assert astray(home) == {}
    done((provision, {"stack": STACK}))
    well(home, ONE_REPLICA)
    assert read(home) == "kept"


def test_teardown_with_its_data(
    home: Path, prefect_server: None, record_property: Callable[[str, object], None]
) -> None:
    points = ("before destroy volume/database", "after destroy volume/database")
    record_property("points", len(points))
    for point in points:
        done(PROVISIONED)
        killed_at(point, (teardown, {"stack": STACK, "delete_data": True}))
        done((teardown, {"stack": STACK, "delete_data": True}))
        assert observed(home) == ()
        assert processes_naming(str(home)) == []
        assert not (home / "stacks" / STACK).exists()


def killed_at(point: str, step: Step) -> None:
    killed = run(*step, at=1, only=point.__eq__)
    assert killed.state is None, f"it was not killed {point}: {killed.message}"


def done(step: Step) -> str:
    ended = run(*step)
    assert ended.state == "COMPLETED", ended.message
    return ended.message


def observed(home: Path) -> tuple[Instance, ...]:
    return LocalProvider(home).observe(STACK)


def well(home: Path, wanted: list[str]) -> None:
    """Exactly what is wanted is there and healthy, the page answers, and no process is astray."""
    instances = observed(home)
    assert [(str(instance).partition("#")[0], instance.health.state) for instance in instances] == [
        (each, "healthy") for each in wanted
    ]
    url = next(one.outputs["url"] for one in instances if one.kind == "route")
    status, body = get(url.rpartition(":")[2].strip("/"))
    assert (status, body.split()[0]) == (200, "x")
    assert astray(home) == {}


def astray(home: Path) -> dict[int, str]:
    """Processes of the stack's folder that neither its supervisor, its guardian nor any child of a kept process is."""
    supervisor = Supervisor.find(home / "stacks" / STACK / "supervisor")
    kept = {status.pid for status in supervisor.list()} | {supervisor.pid()} if supervisor else set()
    guardian = {parent(supervisor.pid())} if supervisor else set()
    found = {
        pid: words(pid) for pid in processes_naming(str(home)) if pid not in guardian and not kept & set(line(pid))
    }
    return {pid: said for pid, said in found.items() if said}


def words(pid: int) -> str:
    """Its command line; nothing of one that has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def line(pid: int) -> Iterator[int]:
    """A process, its parent, and so on up."""
    while pid > 1:
        yield pid
        pid = parent(pid)


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 0


def write_down(home: Path) -> None:
    with connected(home) as connection:
        connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")


def read(home: Path) -> str:
    with connected(home) as connection:
        row = connection.execute("SELECT text FROM note").fetchone()
        assert row is not None
        return str(row[0])


def connected(home: Path) -> "psycopg.Connection[Any]":
    database = next(instance for instance in observed(home) if instance.kind == "database" and not instance.failed)
    with Ledger.open(settings()) as ledger:
        password = ledger.secrets.value(STACK, "database-password", 1)
    host, port = database.outputs["host"], database.outputs["port"]
    return psycopg.connect(host=host, port=port, user="app", dbname="app", password=password)
