"""A healthy stack beside one with each fault that was thought of: the healthy one is served, the other one is named."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prefect.client.schemas.objects import StateType
from typer.testing import CliRunner

from deployments.cli import app
from flows.advise import advise
from flows.autoscale import autoscale
from flows.provision import provision
from flows.reconcile import reconcile
from flows.scale import scale
from flows.teardown import teardown
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.ledger.retention import remove_expired
from tasks.providers.memory import MemoryProvider
from tests.deployments.cli.cli import Cli, CommandResult
from tests.flows.going import done, failed, go
from tests.flows.scale_runs import no_runs
from tests.flows.shop import addresses, observed, runs, shop
from tests.flows.stack_faults import SICK, Installation, faults, named_by

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server", "home", "no_runs"), pytest.mark.proof]
__all__ = ["no_runs"]  # a fixture
HEALTHY = "healthy"


@pytest.fixture
def installation(home: Path) -> Iterator[Installation]:
    made = Installation(home, [])
    yield made
    for opened in made.opened:
        opened.close()


async def both() -> None:
    """Two stacks, provisioned and checked once, so that the ledger holds something of everything."""
    for name in (HEALTHY, SICK):
        await done(provision, spec=shop(name), source="/srv")
    await done(autoscale)


def cli(*words: str) -> CommandResult:
    return Cli(CliRunner(), app)(*words)


def test_of_each_fault_it_is_known_who_names_it() -> None:
    assert faults.keys() == named_by.keys()


@pytest.mark.parametrize("fault", faults)
async def test_the_healthy_stack_is_served_and_the_other_one_is_named(
    installation: Installation, home: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    await both()
    faults[fault](installation)
    naming = named_by[fault]

    for verb, served in (("status", f"{HEALTHY} on memory: 7 of 7 healthy"), ("advise", f"{HEALTHY}: nothing presses")):
        result = cli(verb)
        assert served in result.out
        unplanned = [line for line in result.out.splitlines() if line.startswith("  Cannot be planned: ")]
        assert names_the_sick_one(
            [*result.err.splitlines(), *(f"{SICK}: {line}" for line in unplanned)], verb in naming
        )
        assert result.code == (1 if verb in naming else 0)
        as_data = cli(verb, "--json")
        assert (as_data.code, as_data.err) == (result.code, "")
        assert list(json.loads(as_data.out).get("faults", {})) == ([SICK] if verb in naming else [])
        beside = cli(verb, HEALTHY)
        assert (beside.code, beside.err) == (0, "")

    result = cli("history")
    assert f" {HEALTHY} " in result.out
    assert (result.code, result.err) == (0, "")

    before = checked(HEALTHY)
    caplog.clear()
    message = await done(autoscale)
    assert checked(HEALTHY) > before
    assert (", 1 could not be looked at" in message) is ("autoscale" in naming)
    assert names_the_sick_one(caplog.messages, "autoscale" in naming)
    message = await done(advise)
    assert names_the_sick_one(message.split("; "), "advise run" in naming)

    world = MemoryProvider(home / "memory")
    doomed = next(instance for instance in observed(home, HEALTHY) if instance.address == "replica/web-1")
    world.destroy(doomed)
    state = await go(reconcile)
    assert "replica/web-1" in addresses(home, HEALTHY), state.message
    assert (state.type is StateType.FAILED) is ("reconcile" in naming)
    assert names_the_sick_one((state.message or "").splitlines(), "reconcile" in naming)

    with Ledger.open(settings()) as ledger, ledger._database.write() as connection:
        for _ in range(20):  # each time another stack, by chance
            remove_expired(connection, 4e9)


def names_the_sick_one(lines: Iterable[str], named: bool) -> bool:
    """Whether one line says what is wrong with it, if it is to be named; and none, if it is not."""
    return [line.startswith(f"{SICK}: ") for line in lines].count(True) == named


def checked(stack: str) -> float:
    """Until when the last decision of a stack held."""
    with Ledger.open(settings()) as ledger:
        return max(record.until for record in ledger.decisions.recent(stack, None, 10))


async def test_a_secret_of_the_certificate_stops_no_check(installation: Installation) -> None:
    await both()
    with Ledger.open(settings()) as ledger:
        ledger.secrets.set(SICK, "c", "chain")
        ledger.secrets.set(SICK, "k", "key")
    spec: dict[str, Any] = {"certificate": {"secret": "c"}, "key": {"secret": "k"}}
    installation.spec(lambda found: found.update(budget=100, tls=spec))
    assert await done(autoscale) == "2 stacks with 2 services checked, nothing to change"
    assert cli("status").code == 0
    assert cli("advise").code == 0


async def test_a_stack_whose_release_cannot_be_read_can_be_torn_down(home: Path) -> None:
    await done(provision, spec=shop(SICK), source="/srv")
    with Ledger.open(settings()) as ledger, ledger._database.write() as connection:
        connection.execute(sa.text("UPDATE releases SET content = '{broken'"))
    assert "release 1" in (await failed(provision, stack=SICK))
    await done(teardown, stack=SICK, delete_data=True)
    assert addresses(home, SICK) == []


async def test_scale_counts_the_replicas_of_one_service() -> None:
    names = ("web", "web-admin", "web-x", "web-x-y", "a--b")
    services = {
        name: {"command": "run", "port": 80, "route": {"path": f"/{name}"}, "replicas": {"min": 1, "max": 4}}
        for name in names
    }
    spec = {"name": HEALTHY, "target": {"provider": "memory"}, "services": services}
    await done(provision, spec=spec, source="/srv")
    await done(scale, stack=HEALTHY, service="web", replicas=2)
    assert runs(HEALTHY)[0].reason == "web: 1 to 2 replicas, by hand"
    await done(scale, stack=HEALTHY, service="web", replicas=2)
    assert runs(HEALTHY)[0].reason == "web: 2 to 2 replicas, by hand"
