"""Schedules, the watchdog and its automation follow the stacks that are up."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.events.actions import DoNothing, RunDeployment

import deployments.server.intervals
import tasks.base.clock
from deployments.server.intervals import Intervals, Schedules, intervals, intervals_at_start
from deployments.server.watchdog import Watchdog, keep_automation
from infra_specs.errors import LedgerBusy
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import load
from tasks.base.settings import Settings
from tasks.ledger import Ledger, Owner

pytestmark = pytest.mark.pure
AUTOSCALE, RECONCILE = uuid4(), uuid4()


def stack(name: str, most: int) -> Stack:
    replicas = f"replicas: {{min: 1, max: {most}}}"
    return load(
        f"name: {name}\ntarget: {{provider: memory}}\nservices: {{web: {{command: run, port: 80, {replicas}}}}}"
    )


def given(here: Settings, *stacks: Stack) -> None:
    with Ledger.open(here) as ledger:
        for one_stack in stacks:
            lease = ledger.locks.acquire(one_stack.name, Owner.here("provision"), 60)
            ledger.stacks.set_desired(lease, one_stack.name, one_stack.model_dump(mode="json", by_alias=True), "/srv")
            ledger.locks.release(lease)


class Server:
    """Has a schedule for each deployment, and automations."""

    def __init__(self) -> None:
        self.schedules: dict[UUID, Any] = {
            deployment: IntervalSchedule(interval=timedelta(seconds=1)) for deployment in (AUTOSCALE, RECONCILE)
        }
        self.automations: list[Any] = []
        self.changes = 0
        self.asked_for_runs: list[UUID] = []
        self.paused: list[UUID] = []

    async def read_deployment(self, deployment: UUID) -> Any:
        schedule = SimpleNamespace(id=uuid4(), schedule=self.schedules[deployment])
        return SimpleNamespace(schedules=[schedule], paused=deployment in self.paused)

    async def update_deployment_schedule(self, deployment: UUID, _: UUID, schedule: Any) -> None:
        self.schedules[deployment] = schedule
        self.changes += 1

    async def request(self, method: str, path: str, path_params: dict[str, UUID], json: Any) -> None:
        assert (method, path, json) == ("POST", "/deployments/{id}/schedule", {})
        self.asked_for_runs.append(path_params["id"])

    async def read_automations_by_name(self, _: str) -> list[Any]:
        return self.automations

    async def create_automation(self, automation: Any) -> None:
        self.automations.append(automation.model_copy(update={"id": uuid4()}))

    async def update_automation(self, id: UUID, automation: Any) -> None:
        self.automations = [automation.model_copy(update={"id": id})]

    @property
    def seconds(self) -> tuple[float, float]:
        autoscale, reconcile = (self.schedules[deployment].interval for deployment in (AUTOSCALE, RECONCILE))
        return autoscale.total_seconds(), reconcile.total_seconds()


def test_what_is_up_decides(tmp_path: Path) -> None:
    here = Settings(home=tmp_path)
    assert intervals(here).autoscale == 60, "no stack is up"
    given(here, stack("fixed", 1))
    assert intervals(here) == Intervals(60, 30), "the memory target tells of nothing"
    given(here, stack("shop", 3))
    assert intervals(here) == Intervals(15, 30)
    assert intervals(Settings(home=tmp_path, autoscale_seconds=5, reconcile_seconds=7)) == Intervals(5, 7)


async def test_schedules_and_the_automation_are_changed_once(tmp_path: Path) -> None:
    here, server = Settings(home=tmp_path), Server()
    client: Any = server
    schedules = Schedules(here, {AUTOSCALE: "autoscale", RECONCILE: "reconcile"}, Watchdog(here))
    await schedules.look(client)
    assert server.seconds == (60, intervals(here).reconcile)
    assert server.automations[0].trigger.within == timedelta(seconds=180)
    assert server.asked_for_runs == [AUTOSCALE, RECONCILE]
    given(here, stack("shop", 3))
    await schedules.look(client)
    assert server.seconds == (15, 30)
    assert [automation.trigger.within for automation in server.automations] == [timedelta(seconds=45)]
    changes = server.changes
    await schedules.look(client)
    assert server.changes == changes


async def test_a_schedule_that_a_person_made_is_left_alone(tmp_path: Path) -> None:
    here, server = Settings(home=tmp_path), Server()
    client: Any = server
    server.schedules[AUTOSCALE] = CronSchedule(cron="* * * * *")
    await Schedules(here, {AUTOSCALE: "autoscale", RECONCILE: "reconcile"}, Watchdog(here)).look(client)
    assert server.schedules[AUTOSCALE] == CronSchedule(cron="* * * * *")


async def test_a_deployment_that_a_person_paused_is_asked_for_no_runs(tmp_path: Path) -> None:
    here, server = Settings(home=tmp_path), Server()
    client: Any = server
    server.paused = [AUTOSCALE]
    await Schedules(here, {AUTOSCALE: "autoscale", RECONCILE: "reconcile"}, Watchdog(here)).look(client)
    assert server.asked_for_runs == [RECONCILE]
    assert server.seconds[0] == 60


async def test_what_a_person_added_to_the_automation_stays(tmp_path: Path) -> None:
    server = Server()
    client: Any = server
    await keep_automation(client, 15)
    assert server.automations[0].actions == [DoNothing()]
    wakes = RunDeployment(deployment_id=uuid4())
    server.automations[0] = server.automations[0].model_copy(update={"actions": [wakes]})
    await keep_automation(client, 60)
    (kept,) = server.automations
    assert kept.actions == [wakes]
    assert kept.trigger.within == timedelta(seconds=180)


async def test_the_watchdog_counts_from_when_the_interval_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    moments: list[float] = [1000.0]
    monkeypatch.setattr(tasks.base.clock, "now", lambda: moments[0])
    monkeypatch.setattr(deployments.server.watchdog, "now", lambda: moments[0])
    monkeypatch.setattr(deployments.server.watchdog, "emit_event", lambda *_, **__: None)
    watchdog = Watchdog(Settings(home=tmp_path))
    client: Any = None
    watchdog.expect(60)
    for moments[0], silent in ((1170.0, False), (1181.0, True)):
        await watchdog.look(client)
        assert ("No service is scaled" in caplog.text) is silent
    caplog.clear()
    watchdog.expect(15)
    await watchdog.look(client)
    assert "Services are scaled again" in caplog.text
    moments[0] = 1181.0 + 46
    await watchdog.look(client)
    assert "No service is scaled: a check is due every 15 s" in caplog.text


def test_the_usual_intervals_while_the_ledger_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_: Settings) -> Intervals:
        raise LedgerBusy("it is busy")

    monkeypatch.setattr(deployments.server.intervals, "intervals", busy)
    assert intervals_at_start(Settings(home=tmp_path)) == Intervals(15, 30)
