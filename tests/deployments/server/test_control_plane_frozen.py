"""The control plane's processes are frozen (SIGSTOP), as hung ones stand: others take their place by themselves."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from deployments.server.control_plane import status
from infra_specs.errors import TransientError
from tasks.base.settings import settings
from tasks.supervisor.client import Supervisor
from tasks.supervisor.identity import guardian_of
from tasks.supervisor.rpc import call
from tests.deployments.plane import Plane
from tests.flows.shop import shop
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.proof]


def test_a_frozen_guardian_whose_supervisor_was_killed(fragile: Plane, outcome: Callable[[str, str], None]) -> None:
    """Neither can mend the other: the serving process, which runs on, has another started."""
    supervisor = Supervisor(settings().home / "control")
    pid, runner, began = supervisor.pid(), fragile.pid("runner"), time.monotonic()
    guardian = guardian_of(pid)
    assert guardian
    os.kill(guardian, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: is_another(supervisor, pid), "another supervisor answers")
    outcome("frozen guardian, supervisor killed", f"back after {time.monotonic() - began:.1f} s")
    assert fragile.pid("runner") == runner, "what the two kept runs on"


def is_another(supervisor: Supervisor, before: int) -> bool:
    try:
        return call(supervisor.folder, {"verb": "ping"}, connect_seconds=0)["pid"] != before  # it mends nothing itself
    except TransientError:
        return False


@pytest.mark.parametrize("frozen", ["server", "runner"])
def test_another_takes_its_place(fragile: Plane, frozen: str, outcome: Callable[[str, str], None]) -> None:
    before, began = fragile.pid(frozen), time.monotonic()
    os.kill(before, signal.SIGSTOP)
    wait_until(lambda: fragile.pid(frozen) not in (before, None), f"another {frozen} runs")
    wait_until(lambda: (seen := status()) is not None and seen.ready, "all is well again")
    outcome(f"frozen {frozen}", f"back after {time.monotonic() - began:.1f} s")
    assert fragile.run("provision", spec=shop(f"after-{frozen}"), source="/srv")["type"] == "COMPLETED"
