"""Which runs that are under way in Prefect's books are not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import StateType

import deployments.server.reap_runs
from deployments.server.reap_runs import SILENT_SECONDS, Unseen, reap
from tasks.base.settings import Settings
from tasks.run.liveness import alive_while

pytestmark = pytest.mark.pure
began = datetime(2026, 11, 22, tzinfo=UTC)


class Server:
    """Says that one run runs, and hears what is made of it."""

    def __init__(self) -> None:
        state = SimpleNamespace(timestamp=began)
        self.run: Any = SimpleNamespace(id=uuid4(), name="scale shop", state_type=StateType.RUNNING, state=state)
        self.ended: list[str] = []

    async def read_flow_runs(self, flow_run_filter: FlowRunFilter, **_: Any) -> list[Any]:
        assert flow_run_filter.state is not None
        assert flow_run_filter.state.type is not None
        return [self.run] if self.run.state_type in (flow_run_filter.state.type.any_ or []) else []

    async def set_flow_run_state(self, _: UUID, state: Any, force: bool) -> None:
        self.ended.append(state.message)
        self.run.state_type = state.type


async def swept(server: Server, home: Path, unseen: Unseen, seconds: float, clock: pytest.MonkeyPatch) -> None:
    """A sweep so many seconds after the beginning."""
    now = SimpleNamespace(now=lambda _: began + timedelta(seconds=seconds))
    clock.setattr(deployments.server.reap_runs, "datetime", now)
    await reap(server, Settings(home=home), unseen)  # type: ignore[arg-type]


async def test_who_was_killed_after_its_last_line_and_before_it_said_so_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, unseen = Server(), Unseen()
    with alive_while(tmp_path, str(server.run.id)):
        await swept(server, tmp_path, unseen, 3600, monkeypatch)
    for seconds in (3610, 3610 + SILENT_SECONDS):
        await swept(server, tmp_path, unseen, seconds, monkeypatch)
    assert server.ended == [], "it may be about to say how it ended"
    await swept(server, tmp_path, unseen, 3611 + SILENT_SECONDS, monkeypatch)
    assert server.ended == ["Its process is gone, and did not say how it ended."]
    await swept(server, tmp_path, unseen, 3621 + SILENT_SECONDS, monkeypatch)
    assert unseen == {}


async def test_who_is_here_is_left_alone_however_late_it_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, unseen = Server(), Unseen()
    await swept(server, tmp_path, unseen, 0, monkeypatch)
    with alive_while(tmp_path, str(server.run.id)):
        for seconds in (SILENT_SECONDS + 1, 10 * SILENT_SECONDS):
            await swept(server, tmp_path, unseen, seconds, monkeypatch)
    assert server.ended == []
