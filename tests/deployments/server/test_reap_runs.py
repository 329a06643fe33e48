"""Which runs that are under way in Prefect's books are not."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import StateType

import tasks.base.clock
from deployments.server.reap_runs import SILENT_SECONDS, Unseen, reap
from tasks.base.settings import Settings
from tasks.ledger import Ledger, Owner
from tasks.run.tags import NOTABLE

pytestmark = pytest.mark.pure
began = datetime(2026, 11, 22, tzinfo=UTC)


class Server:
    """Says that one run runs, and hears what is made of it."""

    def __init__(self) -> None:
        state = SimpleNamespace(timestamp=began)
        self.run: Any = SimpleNamespace(
            id=uuid4(), name="scale shop", state_type=StateType.RUNNING, state=state, tags=["web"]
        )
        self.ended: list[str] = []

    async def read_flow_runs(self, flow_run_filter: FlowRunFilter, **_: Any) -> list[Any]:
        assert flow_run_filter.state is not None
        assert flow_run_filter.state.type is not None
        return [self.run] if self.run.state_type in (flow_run_filter.state.type.any_ or []) else []

    async def set_flow_run_state(self, _: UUID, state: Any, force: bool) -> None:
        self.ended.append(state.message)
        self.run.state_type = state.type

    async def update_flow_run(self, _: UUID, tags: list[str]) -> None:
        self.run.tags = tags


async def swept(server: Server, home: Path, unseen: Unseen, seconds: float, clock: pytest.MonkeyPatch) -> None:
    """A sweep so many seconds after the beginning."""
    clock.setattr(tasks.base.clock, "now", lambda: began.timestamp() + seconds)
    await reap(server, Settings(home=home), unseen)  # type: ignore[arg-type]


async def test_who_was_killed_after_its_last_line_and_before_it_said_so_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, unseen = Server(), Unseen()
    with Ledger.open(Settings(home=tmp_path)) as ledger:
        ledger.liveness.begin(str(server.run.id), Owner.here("scale"), 600)
        await swept(server, tmp_path, unseen, 3600, monkeypatch)
        ledger.liveness.forget(str(server.run.id))
    for seconds in (3610, 3610 + SILENT_SECONDS):
        await swept(server, tmp_path, unseen, seconds, monkeypatch)
    assert server.ended == [], "it may be about to say how it ended"
    await swept(server, tmp_path, unseen, 3611 + SILENT_SECONDS, monkeypatch)
    assert server.ended == ["Its process is gone, and did not say how it ended."]
    assert sorted(server.run.tags) == [NOTABLE, "web"]
    await swept(server, tmp_path, unseen, 3621 + SILENT_SECONDS, monkeypatch)
    assert unseen == {}


async def test_who_is_here_is_left_alone_however_late_it_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, unseen = Server(), Unseen()
    await swept(server, tmp_path, unseen, 0, monkeypatch)
    with Ledger.open(Settings(home=tmp_path)) as ledger:
        ledger.liveness.begin(str(server.run.id), Owner.here("scale"), 600)
        for seconds in (SILENT_SECONDS + 1, 10 * SILENT_SECONDS):
            await swept(server, tmp_path, unseen, seconds, monkeypatch)
    assert server.ended == []


@pytest.mark.parametrize(("lease_seconds", "ended"), [(600.0, []), (-1.0, ["Its process is gone."])])
async def test_a_run_of_another_machine_is_ended_when_its_lease_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lease_seconds: float, ended: list[str]
) -> None:
    server, unseen = Server(), Unseen()
    with Ledger.open(Settings(home=tmp_path)) as ledger:
        far = replace(Owner.here("scale"), host="far", boot="another")
        ledger.liveness.begin(str(server.run.id), far, lease_seconds)
        await swept(server, tmp_path, unseen, 1, monkeypatch)
        assert server.ended == ended
        assert (str(server.run.id) in ledger.liveness.alive()) is not bool(ended)


async def test_no_run_is_taken_for_dead_while_the_ledger_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, unseen = Server(), Unseen()
    (tmp_path / "ledger.db").write_text("not a database" * 1000)
    for seconds in (0, 10 * SILENT_SECONDS):
        await swept(server, tmp_path, unseen, seconds, monkeypatch)
    assert server.ended == []
