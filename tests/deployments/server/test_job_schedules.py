"""One schedule for each job of each stack, its times where clocks change, and all of 200 made by one request."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from unittest.mock import AsyncMock, Mock
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.server.schemas.schedules import CronSchedule as PrefectSchedule

from deployments.server import timed_runs
from deployments.server.job_schedules import job_runs
from deployments.server.timed_runs import DeploymentSchedules, TimedRun
from infra_specs.stackfile.models.stack import Stack

pytestmark = pytest.mark.pure


def stack(name: str = "shop", at: str = "04:30", timezone: str = "UTC", jobs: int = 1) -> Stack:
    job = {"service": "web", "command": ["clean"], "at": at, "timezone": timezone}
    return Stack.model_validate(
        {
            "name": name,
            "target": {"provider": "memory"},
            "services": {"web": {"command": ["run"]}},
            "jobs": {f"job-{number}": job for number in range(jobs)},
        }
    )


def known(timed: TimedRun) -> DeploymentSchedule:
    return DeploymentSchedule(
        id=uuid4(), deployment_id=uuid4(), schedule=timed.schedule, slug=timed.slug, parameters=dict(timed.parameters)
    )


def server(*schedules: DeploymentSchedule) -> Mock:
    return Mock(
        read_deployment=AsyncMock(return_value=Mock(schedules=list(schedules), paused=False)),
        read_flow_runs=AsyncMock(return_value=[]),
        request=AsyncMock(),
        delete_deployment_schedule=AsyncMock(),
        create_deployment_schedules=AsyncMock(),
    )


async def test_200_jobs_are_made_by_one_request_and_then_left_alone() -> None:
    wanted = job_runs(stack(f"shop-{number}", jobs=20) for number in range(10))
    new = server()
    await DeploymentSchedules(uuid4()).put_right(new, wanted)
    ((_, made), _) = new.create_deployment_schedules.await_args
    assert len(made) == len({schedule.slug for schedule in made}) == 200
    assert {schedule.max_scheduled_runs for schedule in made} == {1}
    right = server(*map(known, wanted))
    await DeploymentSchedules(uuid4()).put_right(right, wanted)
    right.create_deployment_schedules.assert_not_awaited()
    right.delete_deployment_schedule.assert_not_awaited()


async def test_a_changed_time_and_a_stack_that_is_torn_down_are_put_right() -> None:
    kept, changed, gone = (job_runs([stack(name)])[0] for name in ("kept", "changed", "gone"))
    client, schedules = server(), [known(kept), known(changed), known(gone)]
    client.read_deployment.return_value.schedules = schedules
    await DeploymentSchedules(uuid4()).put_right(
        client, job_runs([stack("kept"), stack("changed", at="Mon-Fri 05:00")])
    )
    deleted = {call.args[1] for call in client.delete_deployment_schedule.await_args_list}
    assert deleted == {schedules[1].id, schedules[2].id}
    ((_, made), _) = client.create_deployment_schedules.await_args
    assert [(schedule.slug, schedule.schedule.cron) for schedule in made] == [("changed.job-0", "0 5 * * 1,2,3,4,5")]


async def test_no_run_of_another_stack_is_lost_with_a_schedule() -> None:
    """Prefect removes all waiting runs of the deployment with it, those that are due as well."""
    kept, gone = (job_runs([stack(name)]) for name in ("kept", "gone"))
    client, schedules = server(*map(known, (*kept, *gone))), DeploymentSchedules(uuid4())
    client.read_flow_runs.return_value = [Mock()]
    await schedules.put_right(client, kept)
    client.delete_deployment_schedule.assert_not_awaited()
    client.read_flow_runs.return_value = []
    await schedules.put_right(client, kept)
    client.delete_deployment_schedule.assert_awaited_once()
    ((method, path), _) = client.request.await_args
    assert (method, path) == ("POST", "/deployments/{id}/schedule"), "the runs of the others are made again at once"


async def test_the_server_is_asked_when_others_are_wanted_and_seldom_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, client, schedules = job_runs([stack()]), server(), DeploymentSchedules(uuid4())
    for _ in range(3):
        await schedules.put_right(client, wanted)
    assert client.read_deployment.await_count == 1
    await schedules.put_right(client, job_runs([stack(at="05:00")]))
    assert client.read_deployment.await_count == 2
    monkeypatch.setattr(timed_runs, "TRUSTED_SECONDS", 0.0)
    await schedules.put_right(client, job_runs([stack(at="05:00")]))
    assert client.read_deployment.await_count == 3, "somebody may have changed them in the UI"


async def test_what_failed_is_tried_at_the_next_look() -> None:
    wanted, client, schedules = job_runs([stack()]), server(), DeploymentSchedules(uuid4())
    client.create_deployment_schedules.side_effect = [OSError("away"), None]
    with pytest.raises(OSError, match="away"):
        await schedules.put_right(client, wanted)
    await schedules.put_right(client, wanted)
    assert client.create_deployment_schedules.await_count == 2


def test_two_stacks_never_share_a_schedule() -> None:
    """`a` with a job `b-c` and `a-b` with a job `c` would, if a dash stood between the two."""
    slugs = [timed.slug for name in ("a", "a-b") for timed in job_runs([stack(name, jobs=3)])]
    assert len(set(slugs)) == len(slugs)


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("at", ["01:30", "02:00", "02:30", "03:00", "Mon-Fri 02:30", "Sat,Sun 02:30"])
async def test_where_clocks_change_it_is_due_once_on_each_of_its_days(at: str, timezone: str) -> None:
    """In the night that skips its time as in the one that repeats it, for a year."""
    (timed,) = job_runs([stack(at=at, timezone=timezone)])
    schedule = PrefectSchedule(cron=timed.schedule.cron, timezone=timezone)
    zone, first = ZoneInfo(timezone), date(2026, 1, 1)
    begin = datetime(2026, 1, 1, tzinfo=zone).astimezone(UTC)
    dates = await schedule.get_dates(n=370, start=begin, end=datetime(2027, 1, 1, tzinfo=zone).astimezone(UTC))
    days = Counter(moment.astimezone(zone).date() for moment in dates)
    wanted = {"Mon-Fri": range(5), "Sat,Sun": (5, 6)}.get(at.rpartition(" ")[0], range(7))
    year = (first + timedelta(days=number) for number in range(365))
    assert days == Counter(day for day in year if day.weekday() in wanted)
