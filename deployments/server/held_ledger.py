"""Hold the ledger's file open: who closes it last writes its log back and removes it, and the next makes another.

That is 64 KB for each look of this process or of a run, several a second.
"""

import asyncio

from prefect.client.orchestration import PrefectClient

from tasks.base.settings import Settings
from tasks.ledger import Ledger

EVERY_SECONDS = 60.0


class HeldLedger:
    """Holds it once it can be opened."""

    def __init__(self, here: Settings) -> None:
        self._here = here
        self._ledger: Ledger | None = None

    async def look(self, _: PrefectClient) -> None:
        """See that it is open. Raises LedgerError."""
        if self._ledger is None:
            self._ledger = await asyncio.to_thread(Ledger.open, self._here)
        await asyncio.to_thread(self._ledger.checks.last)  # its connection stays

    def close(self) -> None:
        """Let it go."""
        if self._ledger:
            self._ledger.close()
