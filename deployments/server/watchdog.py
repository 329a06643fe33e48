"""Somebody notices when no check of the scaling comes to its end: this process, and Prefect's server if we are gone."""

import asyncio
import logging
from datetime import timedelta

from prefect.client.orchestration import PrefectClient
from prefect.events import emit_event
from prefect.events.actions import DoNothing
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from infra_specs.errors import TenfoldError
from tasks.alerts.evaluate import evaluate_silence
from tasks.autoscaling.staleness import MISSED_CHECKS, staleness
from tasks.base.clock import now
from tasks.base.settings import Settings
from tasks.ledger import Ledger

RESOURCE = {"prefect.resource.id": "tenfold.autoscale", "prefect.resource.name": "autoscale"}
AUTOMATION_NAME = "tenfold: checks of the scaling have stopped"
SHORTEST_SECONDS = 10.0
"""Prefect's automations wait for an absent event at least so long."""
log = logging.getLogger(__name__)


class Watchdog:
    """Looks whether checks still come, and says once when they stop and once when they are back."""

    def __init__(self, here: Settings) -> None:
        self._here = here
        self._seconds = here.autoscale_seconds
        self._awake_since = now()
        self._quiet = False

    def expect(self, seconds: float) -> None:
        """From now on a check is due every so many seconds."""
        if seconds != self._seconds:
            self._seconds, self._awake_since = seconds, now()

    async def look(self, _: PrefectClient) -> None:
        """One look: into the ledger, which every check writes to at its end."""
        try:
            fault = await asyncio.to_thread(self._silence)
        except TenfoldError as error:
            log.warning("Nobody can tell whether services are scaled: %s", error)
            return
        if fault and not self._quiet:
            log.error("%s Look at the last runs of the flow autoscale.", fault)
            await asyncio.to_thread(emit_event, "tenfold.autoscale.silent", RESOURCE, payload={"message": fault})
        elif self._quiet and not fault:
            log.warning("Services are scaled again.")
            await asyncio.to_thread(emit_event, "tenfold.autoscale.back", RESOURCE)
        self._quiet = fault is not None

    def _silence(self) -> str | None:
        with Ledger.open(self._here) as ledger:
            last, moment = ledger.checks.last(), now()
            fault = staleness(last, self._seconds, moment, awake_since=self._awake_since)
            # Right after a start nobody knows whether checks come again.
            waits = fault is None and staleness(last, self._seconds, moment) is not None
            evaluate_silence(ledger, None if waits else fault or "")
        return fault


async def keep_automation(client: PrefectClient, seconds: float) -> None:
    """Have Prefect's server itself notice when no run of autoscale completes, since it outlives this process.

    `seconds`: the interval of the checks. It does nothing but say so among its events: who wants to be woken adds an
    action to the automation, which stays when the interval changes.
    """
    within = timedelta(seconds=max(SHORTEST_SECONDS, MISSED_CHECKS * seconds))
    trigger = EventTrigger(
        expect={"prefect.flow-run.Completed"},
        match_related={"prefect.resource.role": "flow", "prefect.resource.name": "autoscale"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )
    known = await client.read_automations_by_name(AUTOMATION_NAME)
    for automation in known:
        if isinstance(automation.trigger, EventTrigger) and automation.trigger.within != within:
            changed = automation.trigger.model_copy(update={"within": within})
            await client.update_automation(automation.id, _core(automation, changed))
    if not known:
        fault = "No run of autoscale has completed for three of its intervals. Look at: tenfold server status"
        await client.create_automation(
            AutomationCore(name=AUTOMATION_NAME, description=fault, trigger=trigger, actions=[DoNothing()])
        )


def _core(automation: AutomationCore, trigger: EventTrigger) -> AutomationCore:
    """The same automation with another trigger, as the server wants to be given it."""
    kept = automation.model_dump(include=set(AutomationCore.model_fields) - {"trigger", "owner_resource"})
    return AutomationCore(**kept, trigger=trigger)
