"""The control plane's own timer for real: its runs complete, and those that nobody ran in time are swept up."""

import time
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient

from deployments.server.login import require_login
from deployments.server.reap_runs import reap
from tasks.base.settings import settings
from tasks.supervisor.client import Supervisor
from tests.deployments.conftest import reconcile_seconds
from tests.deployments.plane import Plane
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.proof]
late_seconds = 2 * reconcile_seconds + 2
"""Seconds after which nobody waits for a tick any more, and a little."""


def test_the_schedule_makes_runs_that_complete(ticking: Plane) -> None:
    wait_until(lambda: len(ticking.ticks(state={"type": {"any_": ["COMPLETED"]}})) >= 2, "two ticks have completed")


async def test_ticks_that_nobody_ran_in_time_are_swept(ticking: Plane) -> None:
    Supervisor.start(ticking.home / "control").stop("runner")  # the next test's control plane has one again
    wait_until(lambda: overdue(ticking, late_seconds), "a tick is late")
    late = {run["id"] for run in overdue(ticking, late_seconds)}
    async with PrefectClient(api=ticking.url, auth_string=require_login(ticking.home).text) as client:
        names = await reap(client, settings(), {})
    assert len(names) >= len(late)
    swept = {run["id"]: run["state"] for run in ticking.ticks() if run["id"] in late}
    assert {(state["type"], state["message"]) for state in swept.values()} == {("CANCELLED", "Its time had passed.")}


def overdue(plane: Plane, seconds: float) -> list[dict[str, Any]]:
    before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))
    return plane.ticks(state={"type": {"any_": ["SCHEDULED"]}}, expected_start_time={"before_": before})
