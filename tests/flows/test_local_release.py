"""On real processes under load: no lost request, a bad release that nobody met, a canary that was undone."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.load import load
from flows.deploy import deploy
from flows.provision import provision
from flows.rollback import rollback
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.local import LocalProvider
from tests.flows.going import done, failed
from tests.support.homes import running_home
from tests.tasks.providers.local.world import app

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
RATE = 50.0
"""Requests a second, on a machine that other tests use too."""


@pytest.fixture
def home() -> Iterator[Path]:
    with running_home() as home:
        yield home


async def test_releases_under_load(home: Path, open_folder: Path) -> None:
    migrations = open_folder / "migrations"
    web = {
        "command": ["python3", "-S", str(app)],
        "before": ["python3", "-c", f"open({str(migrations)!r}, 'a').write('once\\n'); print('migrated')"],
        "port": 80, "replicas": 2, "env": {"NAME": "first"},
    }  # fmt: skip
    spec = {"name": "released", "target": {"provider": "local"}, "services": {"web": web}}
    await done(provision, spec=spec, source="/")
    url = address(home)
    assert said(url).startswith("first ")

    with load(url, RATE) as good:
        assert (await done(deploy, stack="released", env={"NAME": "second"})).startswith("release 2 serves")
        assert said(url).startswith("second ")
    assert (good[0].failed, good[0].failures) == (0, {})
    assert migrations.read_text() == "once\nonce\n"

    with load(url, RATE) as bad:
        broken = ["python3", "-c", "raise SystemExit('no such table: orders')"]
        message = await failed(deploy, stack="released", command=" ".join(map(repr, broken)))
    assert message.startswith("deploy of release 3 failed and was undone: release 2 serves.")
    assert "no such table: orders" in message
    assert (bad[0].failed, said(url).split()[0]) == (0, "second")

    with load(url, RATE):
        message = await failed(deploy, stack="released", env={"FAILS": "1"}, canary=20, bake=60)
        assert "does worse than what it would replace" in message
        assert "release 2 serves" in message
    with load(url, RATE) as back:
        assert (await done(rollback, stack="released")).startswith("release 5 serves")
    assert (back[0].failed, said(url).split()[0]) == (0, "first")
    assert migrations.read_text().count("once") == 4, "a rollback migrates nothing"
    with Ledger.open(settings()) as ledger:
        assert [release.state for release in ledger.releases.all("released")] == [
            "proven",
            "undone",
            "undone",
            "proven",
            "proven",
        ]
    assert [str(instance) for instance in there(home) if instance.kind == "replica" and not instance.failed] == [
        "replica/web-0#4", "replica/web-1#4",
    ]  # fmt: skip


def there(home: Path) -> Any:
    return LocalProvider(home).observe("released")


def address(home: Path) -> str:
    return next(instance.outputs["url"] for instance in there(home) if instance.kind == "route")


def said(url: str) -> str:
    return httpx.get(url, trust_env=False).text


async def test_a_sticky_client_keeps_its_replica_through_a_release(home: Path) -> None:
    """As long as that replica lives; then it gets another, and nobody's answer is an error."""
    web = {"command": ["python3", "-S", str(app)], "port": 80, "replicas": 3, "env": {"NAME": "first"}}
    spec = {
        "name": "released",
        "target": {"provider": "local"},
        "services": {"web": {**web, "route": {"sticky": True}}},
    }
    await done(provision, spec=spec, source="/")
    url, over = address(home), threading.Event()
    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(met_by_one_client, url, over) for _ in range(4)]
        try:
            await done(deploy, stack="released", env={"NAME": "second"})
        finally:
            over.set()
        for client in clients:
            replicas = client.result()
            assert replicas[0].startswith("first ")
            assert replicas[-1].startswith("second ")
            assert len(replicas) == len(set(replicas)), f"it came back to one that it had left: {replicas}"


def met_by_one_client(url: str, over: threading.Event) -> list[str]:
    """The replicas that answered a client which keeps its cookie, each time another one did."""
    replicas: list[str] = []
    with httpx.Client(trust_env=False, timeout=60) as client:
        is_last = False
        while not is_last:
            is_last = over.is_set()
            answer = client.get(url)
            assert answer.status_code == 200, answer.text
            if answer.text not in replicas[-1:]:
                replicas.append(answer.text)
            time.sleep(0.05)
    return replicas
