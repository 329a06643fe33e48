"""Scaling for real, while the server or a check is killed: it goes on."""

import os
import signal

import pytest

from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.memory import MemoryProvider
from tasks.providers.memory.simulated_load import Load
from tests.deployments.plane import Plane
from tests.deployments.scaling import checked_again, provisioned, replicas
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.proof]


def test_checks_go_on_when_the_server_was_killed_between_two(fragile: Plane) -> None:
    provisioned(fragile, "kiosk")
    os.kill(fragile.pid("server"), signal.SIGKILL)
    memory = MemoryProvider(fragile.home / "memory")
    memory.set_load("kiosk", "web", Load(requests_per_second=50, latency=0.2))
    wait_until(lambda: replicas(memory, "kiosk") >= 3, "it is scaled all the same")


def test_a_check_that_is_killed_half_way_is_followed_by_the_next(fragile: Plane) -> None:
    provisioned(fragile, "blog")
    with Ledger.open(settings()) as ledger:
        holder = wait_until(ledger.checks.holder, "a check is under way")
        os.kill(holder.owner.pid, signal.SIGKILL)
    checked_again()
