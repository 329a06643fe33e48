"""Reconciles beside a replica that is not ready: a successor comes beside it, and it goes when it is done."""

from pathlib import Path
from typing import Any

import pytest

from flows.provision import provision
from flows.reconcile import reconcile
from infra_specs.resources.instance import Health
from tasks.base.clock import now
from tasks.providers.memory import MemoryProvider
from tests.flows.going import done
from tests.flows.shop import observed

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]


def spec(most: int) -> dict[str, Any]:
    web = {"command": "run", "port": 80, "replicas": {"min": 1, "max": most}}
    return {"name": "busy", "target": {"provider": "memory"}, "services": {"web": web}}


def silent_for(seconds: float) -> Health:
    return Health("unready", "its process runs and does not answer", now() - seconds)


def replicas(home: Path) -> list[str]:
    return [str(seen) for seen in observed(home, "busy") if seen.kind == "replica"]


def bound(home: Path) -> str:
    (route,) = (seen for seen in observed(home, "busy") if seen.kind == "route")
    return route.bindings["replica/web-0.endpoint"]


async def test_a_busy_replica_gets_a_successor_and_ends_its_requests(home: Path) -> None:
    await done(provision, spec=spec(2), source="/srv")
    world = MemoryProvider(home / "memory")
    world.set_health("busy", "replica/web-0", silent_for(5))
    await done(reconcile, stack="busy")
    assert replicas(home) == ["replica/web-0"]
    world.set_health("busy", "replica/web-0", silent_for(40))
    world.set_in_flight("busy", "replica/web-0", 1)
    await done(reconcile, stack="busy")
    assert replicas(home) == ["replica/web-0", "replica/web-0#2"]
    assert bound(home) == "busy.replica.web-0-2.invalid:80"
    await done(reconcile, stack="busy")
    assert replicas(home) == ["replica/web-0", "replica/web-0#2"]
    world.set_in_flight("busy", "replica/web-0", 0)
    await done(reconcile, stack="busy")
    assert replicas(home) == ["replica/web-0#2"]


async def test_without_room_it_stays_alone_until_restart_after(home: Path) -> None:
    await done(provision, spec=spec(1), source="/srv")
    world = MemoryProvider(home / "memory")
    world.set_health("busy", "replica/web-0", silent_for(200))
    await done(reconcile, stack="busy")
    assert replicas(home) == ["replica/web-0"]
    world.set_health("busy", "replica/web-0", silent_for(301))
    await done(reconcile, stack="busy")
    assert replicas(home) == ["replica/web-0#2"]
