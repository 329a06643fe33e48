"""A reconcile that waits for a route makes a new plan when the route's replica fails meanwhile."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from flows.provision import provision
from flows.reconcile import reconcile
from infra_specs.resources.instance import Health, Instance
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.memory import MemoryProvider
from tests.flows.going import done
from tests.flows.shop import observed
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]

SPEC: dict[str, Any] = {
    "name": "sick",
    "target": {"provider": "memory"},
    "services": {"web": {"command": "run", "port": 80, "replicas": 1}},
}


async def test_a_route_that_waits_for_a_sick_replica_follows_its_successor(home: Path) -> None:
    await done(provision, spec=SPEC, source="/srv")
    world = MemoryProvider(home / "memory")
    world.set_health("sick", "route/web", Health("starting", "none of its 1 endpoints is healthy yet", 0.0))

    def sicken() -> None:
        wait_until(lambda: reconciling(home), "the reconcile waits for the route")
        world.set_health("sick", "replica/web-0", Health("failed", "5 probes in a row failed", 0.0))
        wait_until(lambda: successor(home) is not None, "the replica has a successor")
        wait_until(lambda: bound(home) == "sick.replica.web-0-2.invalid:80", "the route leads to the successor")
        world.set_health("sick", "route/web", Health("healthy", "1 of 1 endpoints healthy", 0.0))

    accident = asyncio.create_task(asyncio.to_thread(sicken))
    await done(reconcile, stack="sick")
    await accident


def reconciling(home: Path) -> bool:
    with Ledger.open(settings()) as ledger:
        return any(run.verb == "reconcile" and run.state == "running" for run in ledger.runs.history("sick", 5))


def successor(home: Path) -> Instance | None:
    return next((seen for seen in observed(home, "sick") if str(seen) == "replica/web-0#2"), None)


def bound(home: Path) -> str:
    (route,) = (seen for seen in observed(home, "sick") if seen.address == "route/web")
    return route.bindings["replica/web-0.endpoint"]
