"""Keep the schedules at the intervals that the stacks ask for: seldom while nothing can drift unseen, or be scaled."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.schedules import IntervalSchedule

from deployments.server.watchdog import Watchdog, keep_automation
from infra_specs.errors import LedgerError
from infra_specs.plan.timer import reconcile_interval
from tasks.autoscaling.interval import seconds_between_checks
from tasks.base.settings import Settings
from tasks.ledger import Ledger

EVERY_SECONDS = 10.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds between two runs of each."""

    autoscale: float
    reconcile: float


def intervals(here: Settings) -> Intervals:
    """Those that are right now. Blocks; raises LedgerError."""
    with Ledger.open(here) as ledger:
        reconcile = reconcile_interval(ledger.stacks.timed(), here.reconcile_seconds, is_given=here.reconcile_is_given)
        return Intervals(seconds_between_checks(ledger, here), reconcile)


def intervals_at_start(here: Settings) -> Intervals:
    """The same; the usual ones while the ledger does not answer."""
    try:
        return intervals(here)
    except LedgerError as error:
        log.warning("Nobody can tell which stacks are up: %s", error)
        return Intervals(here.autoscale_seconds, here.reconcile_seconds)


class Schedules:
    """Changes the schedules when the intervals change, and tells the watchdog."""

    def __init__(self, here: Settings, deployments: Mapping[UUID, str], watchdog: Watchdog) -> None:
        self._here = here
        self._ids = {name: deployment for deployment, name in deployments.items()}
        self._watchdog = watchdog
        self._kept = Intervals(0.0, 0.0)

    async def look(self, client: PrefectClient) -> None:
        """One look. A change that fails is made by the next one."""
        right = await asyncio.to_thread(intervals, self._here)
        if right.autoscale != self._kept.autoscale:
            await _set(client, self._ids["autoscale"], right.autoscale)
            await keep_automation(client, right.autoscale)
            self._watchdog.expect(right.autoscale)
        if right.reconcile != self._kept.reconcile:
            await _set(client, self._ids["reconcile"], right.reconcile)
        if right != self._kept:
            log.info(
                "Services are checked every %g s, drift is looked for every %g s.", right.autoscale, right.reconcile
            )
        self._kept = right


async def _set(client: PrefectClient, deployment: UUID, seconds: float) -> None:
    """Have its schedule make runs at this interval, the first of them now: Prefect's scheduler looks once a minute."""
    interval = timedelta(seconds=seconds)
    known = await client.read_deployment(deployment)
    for kept in known.schedules:
        if isinstance(kept.schedule, IntervalSchedule) and kept.schedule.interval != interval:
            changed = kept.schedule.model_copy(update={"interval": interval})
            await client.update_deployment_schedule(deployment, kept.id, schedule=changed)
    if not known.paused:
        await client.request("POST", "/deployments/{id}/schedule", path_params={"id": deployment}, json={})
