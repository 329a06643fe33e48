"""On real processes under load: no lost request, a bad release that nobody met, a canary that was undone."""

from collections.abc import Iterator
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
