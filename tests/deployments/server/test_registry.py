"""Which runs are shown first: those of every flow that is not on a timer carry the tag from their beginning."""

import pytest

from deployments.server.intervals import Intervals
from deployments.server.login_pages import FIRST_PAGE
from deployments.server.registry import deployments, scheduled_deployments
from tasks.run.tags import NOTABLE

pytestmark = pytest.mark.pure
ON_A_TIMER = {"reconcile", "advise", "autoscale"}


async def test_runs_of_what_is_on_no_timer_are_notable() -> None:
    served = (*await deployments(), *await scheduled_deployments(Intervals(15, 30)))
    assert {deployment.name for deployment in served if NOTABLE not in deployment.tags} == ON_A_TIMER
    assert all("tenfold" in deployment.tags for deployment in served)


def test_the_browser_is_shown_those() -> None:
    assert f"/v2/runs?tags={NOTABLE}" == FIRST_PAGE
