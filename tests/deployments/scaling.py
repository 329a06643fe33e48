"""A small stack that is scaled on the pretended target, and the checks that scale it."""

from typing import Any

from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.memory import MemoryProvider
from tests.deployments.plane import Plane
from tests.flows.shop import shop
from tests.support.waiting import wait_until


def provisioned(plane: Plane, name: str, most: int = 8, **more: Any) -> None:
    web = shop(name, needs=False, capacity=4, replicas={"min": 1, "max": most})
    assert plane.run("provision", spec={**web, **more}, source="/srv", wait=True)["type"] == "COMPLETED"


def replicas(memory: MemoryProvider, stack: str) -> int:
    return sum(instance.kind == "replica" for instance in memory.observe(stack))


def last_check() -> float:
    with Ledger.open(settings()) as ledger:
        last = ledger.checks.last()
    return last.at if last else 0.0


def checked_again() -> None:
    before = last_check()
    wait_until(lambda: last_check() > before, "another check has ended")
