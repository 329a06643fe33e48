"""The control plane's processes are frozen (SIGSTOP), as hung ones stand: others take their place by themselves."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from deployments.server.control_plane import status
from tests.deployments.plane import Plane
from tests.flows.shop import shop
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.proof]


@pytest.mark.parametrize("frozen", ["server", "runner"])
def test_another_takes_its_place(fragile: Plane, frozen: str, outcome: Callable[[str, str], None]) -> None:
    before, began = fragile.pid(frozen), time.monotonic()
    os.kill(before, signal.SIGSTOP)
    wait_until(lambda: fragile.pid(frozen) not in (before, None), f"another {frozen} runs")
    wait_until(lambda: (seen := status()) is not None and seen.ready, "all is well again")
    outcome(f"frozen {frozen}", f"back after {time.monotonic() - began:.1f} s")
    assert fragile.run("provision", spec=shop(f"after-{frozen}"), source="/srv")["type"] == "COMPLETED"
