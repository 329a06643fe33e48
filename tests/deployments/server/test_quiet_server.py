"""What is left out of Prefect's server is there to be left out, and the rest works as before."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import prefect._internal.schemas.validators
import prefect.server.api.background_workers
import prefect.server.database.configurations
import prefect.server.events.services.event_persister
import pytest
from docket import Docket
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.server.events.schemas.events import ReceivedEvent

from deployments.server.quiet_server import CACHE_PAGES, LOG_PAGES, QuietWorker, is_kept, keeping, quieten
from tasks.run.tags import NOTABLE

pytestmark = pytest.mark.pure


def event(name: str, flow: str, *tags: str) -> ReceivedEvent:
    related = [("flow", f"prefect.flow.{uuid4()}", flow), *(("tag", f"prefect.tag.{tag}", "") for tag in tags)]
    return ReceivedEvent.model_validate(
        {
            "occurred": "2026-11-22T00:00:00Z", "event": name, "id": str(uuid4()), "payload": {},
            "resource": {"prefect.resource.id": f"prefect.flow-run.{uuid4()}"},
            "related": [
                {"prefect.resource.role": role, "prefect.resource.id": id, "prefect.resource.name": name}
                for role, id, name in related
            ],
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "flow", "tags", "kept"),
    [
        ("prefect.flow-run.Completed", "autoscale", ("tenfold",), False),
        ("prefect.flow-run.Running", "reconcile", (), False),
        ("prefect.flow-run.Completed", "reconcile", ("tenfold", NOTABLE), True),
        ("prefect.flow-run.Failed", "autoscale", (), True),
        ("prefect.flow-run.Crashed", "reconcile", (), True),
        ("prefect.flow-run.Completed", "provision", (), True),
        ("prefect.flow-run.Completed", "advise", (), True),
        ("tenfold.autoscale.silent", "autoscale", (), True),
    ],
)
def test_events_of_checks_that_changed_nothing_are_not_kept(
    name: str, flow: str, tags: tuple[str, ...], kept: bool
) -> None:
    assert is_kept(event(name, flow, *tags)) is kept


async def test_the_others_are_written() -> None:
    written: list[Any] = []

    async def write(session: str, events: list[ReceivedEvent]) -> None:
        written.append((session, events))

    check, scale = event("prefect.flow-run.Running", "autoscale"), event("prefect.flow-run.Running", "scale")
    await keeping(write)(session="session", events=[check, scale])
    await keeping(write)(session="session", events=[check])
    assert written == [("session", [scale])]


def test_the_names_that_are_replaced_are_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    places: dict[str, Any] = {
        "get_timezones": prefect._internal.schemas.validators,
        "Worker": prefect.server.api.background_workers,
        "write_events": prefect.server.events.services.event_persister,
        "setup_sqlite": prefect.server.database.configurations.AioSqliteConfiguration,
    }
    before: dict[str, Any] = {name: getattr(module, name) for name, module in places.items()}
    for name, module in places.items():
        monkeypatch.setattr(module, name, before[name])  # is put back
    quieten()
    after: dict[str, Any] = {name: getattr(module, name) for name, module in places.items()}
    assert all(after[name] is not before[name] for name in places)
    with closing(sqlite3.connect(tmp_path / "prefect.db")) as connection:
        after["setup_sqlite"](None, connection, None)
        pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("wal_autocheckpoint", "cache_size")]
    assert pragmas == [LOG_PAGES, CACHE_PAGES]
    assert issubclass(after["Worker"], before["Worker"])
    assert after["get_timezones"]() == before["get_timezones"]()
    assert IntervalSchedule.model_validate({"interval": 15, "timezone": "Europe/Berlin"}).timezone == "Europe/Berlin"
    with pytest.raises(ValueError, match="Invalid timezone"):
        IntervalSchedule.model_validate({"interval": 15, "timezone": "Europe/Atlantis"})


async def test_background_work_begins_at_once_and_in_its_time() -> None:
    done = asyncio.Event()

    async def job() -> None:
        done.set()

    async with Docket(name="test", url="memory://") as docket, QuietWorker(docket) as worker:
        docket.register(job)
        working = asyncio.create_task(worker.run_forever())
        await docket.add(job)()
        await asyncio.wait_for(done.wait(), 60)
        working.cancel()
        await asyncio.wait({working})
