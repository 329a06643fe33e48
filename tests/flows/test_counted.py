"""A stack on a target that counts: each verb does for a counted service what it does for replicas one by one."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flows.autoscale import autoscale
from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from flows.rollback import rollback
from flows.scale import scale
from flows.teardown import teardown
from infra_specs.pricing.month import Spent, month_of
from infra_specs.resources.services import holds_copies, serving_copies
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
from tasks.providers.memory import MemoryProvider
from tasks.providers.memory.simulated_load import Load
from tests.flows.going import done, failed
from tests.flows.scale_runs import carry_out, no_runs
from tests.flows.shop import addresses, observed, shop
from tests.flows.users import Users, users

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]
__all__ = ["no_runs", "users"]  # fixtures


def counted(**service: Any) -> dict[str, Any]:
    return {**shop(needs=False, **service), "target": {"provider": "memory", "counted": True}}


def running(home: Path) -> list[str]:
    """What runs the service, and how many of its copies serve."""
    instances = observed(home)
    copies = [str(instance) for instance in instances if holds_copies(instance.kind) and not instance.failed]
    return [*copies, f"{serving_copies(instances).get('web', 0)} serve"]


async def test_the_whole_life_of_a_counted_service(home: Path) -> None:
    assert await done(provision, spec=counted(), source="/srv") == "3 created, 0 unchanged"
    assert addresses(home) == ["proxy/main", "route/web", "service/web"]
    assert running(home) == ["service/web", "2 serve"]
    assert (await done(provision, spec=counted(), source="/srv")).startswith("nothing to do")

    assert await done(scale, stack="shop", service="web", replicas=4) == "1 updated, 2 unchanged"
    assert running(home) == ["service/web", "4 serve"], "the count changed in place"

    summary = await done(deploy, stack="shop", command="run --new")
    assert summary.startswith("release 2 serves: 1 created, 1 updated, 1 destroyed")
    assert running(home) == ["service/web#2", "4 serve"], "in the count that it had"

    message = await failed(deploy, stack="shop", command="false")
    assert "was undone: release 2 serves" in message
    assert "service/web of shop" in message or "service/web#3 of shop" in message
    assert running(home) == ["service/web#2", "4 serve"]

    await done(deploy, stack="shop", command="run --third", canary=10, bake=1)
    assert running(home) == ["service/web#4", "4 serve"], "the canary has gone"

    await done(rollback, stack="shop", release=1)
    assert running(home) == ["service/web#5", "4 serve"]
    assert (await done(reconcile, stack="shop")).startswith("nothing to do")

    await done(teardown, stack="shop")
    assert addresses(home) == []


async def test_the_requests_of_a_counted_canary_are_its_own(home: Path) -> None:
    """A proxy counts by copy, and a counted canary has no other name for its one."""
    await done(provision, spec=counted(), source="/srv")
    MemoryProvider(home / "memory").set_load("shop", "web", Load(requests_per_second=400, latency=0.01))
    with caplog_of_runs() as log:
        await done(deploy, stack="shop", command="run --new", canary=20, bake=2)
    (verdict,) = [line for line in log if line.startswith("canary: ")]
    own, beside = (int(count) for count in re.findall(r"of ([0-9]+) requests", verdict))
    assert 0 < own < beside


@contextmanager
def caplog_of_runs() -> Iterator[list[str]]:
    """What runs write to their log meanwhile."""
    lines: list[str] = []

    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler, logger = Collecting(), logging.getLogger("prefect.flow_runs")
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)


async def test_a_count_of_none_and_back(home: Path) -> None:
    spec = counted(replicas={"min": 0, "max": 5})
    await done(provision, spec=spec, source="/srv")
    await done(scale, stack="shop", service="web", replicas=0)
    assert running(home) == ["service/web", "0 serve"]
    await done(scale, stack="shop", service="web", replicas=3)
    assert running(home) == ["service/web", "3 serve"]


async def test_the_budget_stops_a_counted_service_and_begins_it_again(users: Users, no_runs: None, home: Path) -> None:
    spec = counted(scaling={"over_budget": "stop"})
    spec["target"]["price_per_replica"] = 50
    await done(provision, spec={**spec, "budget": 100}, source="/srv")
    users.in_flight["shop", "web"] = 18
    with Ledger.open(settings()) as ledger:
        lease = ledger.checks.acquire(Owner.here("test"), 60)
        ledger.costs.record(lease, {"shop": Spent(month_of(now()), 100.0, now())})
        ledger.locks.release(lease)
    assert (await done(autoscale)).endswith("; shop web 2 to 0")
    await carry_out()
    assert running(home) == ["service/web", "0 serve"], "its count, and nothing else, has changed"
    await done(provision, spec={**spec, "budget": 250}, source="/srv")
    assert (await done(autoscale)).endswith("; shop web 0 to 4")
    await carry_out()
    assert running(home) == ["service/web", "4 serve"]
