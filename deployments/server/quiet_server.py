"""Less of what Prefect's server does many times a second and that nothing here needs; no setting of Prefect's says so.

Each is a name that is replaced in one of its modules. A test holds that the name is there and does what it did.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any

import prefect.server.api.background_workers
import prefect.server.database.configurations
import prefect.server.events.services.event_persister
from docket import Docket, Worker
from prefect.server.events.schemas.events import ReceivedEvent

from deployments.server.time_zones import know_time_zones
from tasks.run.tags import NOTABLE

QUIET_FLOWS = ("autoscale", "reconcile")
"""Flows on a short timer. Of a run of theirs that changed nothing no event is kept."""
ROUTINE_EVENTS = tuple(
    f"prefect.flow-run.{name}"
    for name in ("Scheduled", "Late", "Submitting", "Pending", "Running", "Completed", "Cancelled")
)
RESOLUTION = timedelta(seconds=1)
"""How late a background task may begin that is put off. The shortest interval of Prefect's services is five seconds;
what is asked for begins at once all the same."""
LOG_PAGES, CACHE_PAGES = 8000, 250
"""Of 4 KB: the log of changes (SQLite's own is 1000), and what a connection remembers (Prefect's is 20000)."""


class QuietWorker(Worker):
    """Looks for work that is due once a second, in place of four times; and for no cancellations, of which Prefect
    makes none, in place of ten times a second."""

    def __init__(self, docket: Docket, **options: Any) -> None:
        super().__init__(docket, minimum_check_interval=RESOLUTION, scheduling_resolution=RESOLUTION, **options)

    async def _cancellation_listener(self) -> None:
        session = self._processing_session
        assert session
        session.cancellation_ready.set()
        await session.stopping.wait()


def is_kept(event: ReceivedEvent) -> bool:
    """Whether an event goes into the database: all but what a check does that nobody asked for and that changed
    nothing. Automations see every event."""
    if event.event not in ROUTINE_EVENTS:
        return True
    is_quiet = any(resource.role == "flow" and resource.name in QUIET_FLOWS for resource in event.related)
    return not is_quiet or any(resource.id == f"prefect.tag.{NOTABLE}" for resource in event.related)


def keeping(write: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """`write_events` of Prefect's, which leaves out what is not kept."""

    async def written(session: Any, events: Iterable[ReceivedEvent]) -> None:
        if kept := [event for event in events if is_kept(event)]:
            await write(session=session, events=kept)

    return written


def writing_seldom(set_up: Callable[[Any, Any, Any], None]) -> Callable[[Any, Any, Any], None]:
    """`setup_sqlite` of Prefect's, after which changes are collected for longer in the log before they are written into
    the file: pages that every run changes are written once for many runs. And each connection remembers less of it."""

    def setup_sqlite(self: Any, conn: Any, record: Any) -> None:
        set_up(self, conn, record)
        cursor = conn.cursor()
        cursor.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        cursor.execute(f"PRAGMA cache_size = {CACHE_PAGES}")
        cursor.close()

    return setup_sqlite


def quieten() -> None:
    """Before the server is made."""
    know_time_zones()
    workers: Any = prefect.server.api.background_workers
    workers.Worker = QuietWorker
    sqlite: Any = prefect.server.database.configurations.AioSqliteConfiguration
    sqlite.setup_sqlite = writing_seldom(sqlite.setup_sqlite)
    persister: Any = prefect.server.events.services.event_persister
    persister.write_events = keeping(persister.write_events)
