"""Bring the messages of alerts to their receivers, and call heartbeats, beside the checks: no receiver holds one up."""

import asyncio
import logging

from prefect.client.orchestration import PrefectClient

from tasks.alerts.delivery import beat, bring_due
from tasks.base.settings import Settings
from tasks.ledger import Ledger

EVERY_SECONDS = 5.0
"""Between two looks for messages: one question to the ledger."""
log = logging.getLogger(__name__)


class Deliveries:
    """Looks for messages that are due, and for checks whose alerts were decided."""

    def __init__(self, here: Settings) -> None:
        self._here = here
        self._last_decided: float | None = None

    async def look(self, _: PrefectClient) -> None:
        """One look. Raises LedgerError; what is not delivered is tried again by a later look."""
        for fault in await asyncio.to_thread(self._look):
            log.warning("%s", fault)

    def _look(self) -> tuple[str, ...]:
        with Ledger.open(self._here) as ledger:
            faults = bring_due(ledger)
            last = ledger.checks.alerts_decided()
            if last is None or last == self._last_decided:
                return faults
            is_first, self._last_decided = self._last_decided is None, last
            return faults if is_first else (*faults, *beat(ledger))
