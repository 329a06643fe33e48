"""One schedule for each stack that has data, put right at each look, and what was due while nobody served."""

from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock, Mock
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import DeploymentSchedule, FlowRun, State, StateType
from prefect.client.schemas.schedules import CronSchedule
from prefect.server.schemas.schedules import CronSchedule as PrefectSchedule

from deployments.server.nightly import Nightly, NightlyBackups, to_make_up
from deployments.server.timed_runs import changes
from infra_specs.stackfile.models.stack import Stack

pytestmark = pytest.mark.pure


def nightly(name: str = "shop", at: str = "03:00", timezone: str = "UTC") -> Nightly:
    spec = {
        "name": name,
        "target": {"provider": "memory"},
        "services": {"web": {"command": ["run"]}},
        "needs": {"database": {"engine": "postgres"}},
        "backup": {"at": at, "timezone": timezone},
    }
    return Nightly(Stack.model_validate(spec), 0.0)


def schedule(
    slug: str | None = "shop", cron: str = "0 3 * * *", timezone: str = "UTC", stack: str = "shop"
) -> DeploymentSchedule:
    return DeploymentSchedule(
        id=uuid4(), deployment_id=uuid4(), schedule=CronSchedule(cron=cron, timezone=timezone), slug=slug,
        parameters={"stack": stack},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("known", "stale", "missing"),
    [
        ([], 0, ["shop"]),
        ([schedule()], 0, []),
        ([schedule(cron="5 3 * * *")], 1, ["shop"]),
        ([schedule(timezone="Europe/Berlin")], 1, ["shop"]),
        ([schedule(stack="blog")], 1, ["shop"]),
        ([schedule(), schedule(slug="gone", stack="gone")], 1, []),
        ([schedule(slug=None)], 1, ["shop"]),
        ([schedule(), schedule()], 1, []),
    ],
)
def test_schedules_are_put_right(known: list[DeploymentSchedule], stale: int, missing: list[str]) -> None:
    too_many, wanted = changes(known, [nightly().timed])
    assert (len(too_many), [timed.slug for timed in wanted]) == (stale, missing)


def test_200_stacks_take_one_look() -> None:
    wanted = [nightly(f"shop-{number}").timed for number in range(200)]
    assert len(changes([], wanted)[1]) == 200
    made = [schedule(slug=timed.slug, stack=timed.slug) for timed in wanted]
    assert changes(made, wanted) == ([], [])


def test_the_newest_one_is_proven_again_once_a_week() -> None:
    proof = nightly(at="22:15", timezone="Europe/Berlin").proof
    assert (proof.slug, proof.parameters) == ("shop.proof", {"stack": "shop", "proof": True})
    minute, hour, *_, day = proof.schedule.cron.split()
    assert (minute, hour, proof.schedule.timezone) == ("15", "4", "Europe/Berlin")
    days = {nightly(f"shop-{number}").proof.schedule.cron.split()[-1] for number in range(50)}
    assert days == set("0123456")
    assert day in days


@pytest.mark.parametrize(
    ("at", "timezone", "now", "due"),
    [
        ("03:00", "UTC", (2026, 11, 29, 4), (2026, 11, 29, 3)),
        ("03:00", "UTC", (2026, 11, 29, 3), (2026, 11, 29, 3)),
        ("03:00", "UTC", (2026, 11, 29, 2), (2026, 11, 28, 3)),
        ("03:00", "Europe/Berlin", (2026, 11, 29, 2), (2026, 11, 29, 2)),
        # The night on which clocks are set back: 03:00 is an hour later in UTC.
        ("03:00", "Europe/Berlin", (2026, 10, 25, 12), (2026, 10, 25, 2)),
        ("03:00", "Europe/Berlin", (2026, 10, 25, 1), (2026, 10, 24, 1)),
        # 02:30 comes twice that night: the first one counts, whenever one asks.
        ("02:30", "Europe/Berlin", (2026, 10, 25, 0, 29), (2026, 10, 24, 0, 30)),
        ("02:30", "Europe/Berlin", (2026, 10, 25, 0, 45), (2026, 10, 25, 0, 30)),
        ("02:30", "Europe/Berlin", (2026, 10, 25, 1, 15), (2026, 10, 25, 0, 30)),
        ("02:30", "Europe/Berlin", (2026, 10, 25, 1, 45), (2026, 10, 25, 0, 30)),
        ("02:30", "Europe/Berlin", (2026, 10, 25, 12), (2026, 10, 25, 0, 30)),
        # 02:30 is skipped in spring, and 03:00 is not.
        ("02:30", "Europe/Berlin", (2026, 3, 29, 0, 29), (2026, 3, 28, 1, 30)),
        ("02:30", "Europe/Berlin", (2026, 3, 29, 0, 45), (2026, 3, 29, 0, 30)),
        ("02:30", "Europe/Berlin", (2026, 3, 29, 12), (2026, 3, 29, 0, 30)),
        ("03:00", "Europe/Berlin", (2026, 3, 29, 1), (2026, 3, 29, 1)),
        ("01:30", "America/New_York", (2026, 11, 1, 6, 45), (2026, 11, 1, 5, 30)),
        ("01:45", "Australia/Lord_Howe", (2026, 4, 4, 15, 20), (2026, 4, 4, 14, 45)),
    ],
)
def test_when_it_was_due_last(at: str, timezone: str, now: tuple[int, ...], due: tuple[int, ...]) -> None:
    moment = datetime(*now, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]
    expected = datetime(*due, tzinfo=UTC)  # type: ignore[arg-type, misc]
    assert datetime.fromtimestamp(nightly(at=at, timezone=timezone).last_due(moment), UTC) == expected


@pytest.mark.parametrize("timezone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("at", ["01:30", "02:00", "02:15", "02:30", "03:00"])
@pytest.mark.parametrize("month", [3, 4, 10, 11])
async def test_it_is_due_when_prefects_schedule_says(at: str, timezone: str, month: int) -> None:
    night = nightly(at=at, timezone=timezone)
    schedule = PrefectSchedule(cron=night.schedule.cron, timezone=timezone)
    dates = await schedule.get_dates(n=34, start=datetime(2026, month, 1, tzinfo=UTC))
    for date in dates:
        assert night.last_due(date.timestamp() + 1) == date.timestamp(), date


DUE = datetime(2026, 11, 29, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("states", "begin", "wait"),
    [
        ([], ["shop"], []),
        ([(StateType.SCHEDULED, 0)], [], ["shop"]),
        ([(StateType.SCHEDULED, -2)], [], ["shop"]),  # made before an outage of days
        ([(StateType.RUNNING, 0)], [], ["shop"]),
        ([(StateType.CRASHED, 0)], ["shop"], []),
        ([(StateType.CANCELLED, 0)], ["shop"], []),
        ([(StateType.FAILED, 0)], [], []),
        ([(StateType.COMPLETED, 0)], [], []),
        ([(StateType.COMPLETED, -1)], ["shop"], []),
        ([(StateType.CRASHED, 0), (StateType.PENDING, 0)], [], ["shop"]),
    ],
)
def test_what_was_missed_is_made_up_once(
    states: list[tuple[StateType, int]], begin: list[str], wait: list[str]
) -> None:
    def run(state: StateType, days: int, stack: str = "shop") -> FlowRun:
        due = DUE + timedelta(days=days)
        return FlowRun(
            flow_id=uuid4(), parameters={"stack": stack}, state_type=state, state=State(type=state),
            expected_start_time=due,
        )  # fmt: skip

    proof = run(StateType.COMPLETED, 0).model_copy(update={"parameters": {"stack": "shop", "proof": True}})
    runs = [run(*state) for state in states] + [run(StateType.RUNNING, 0, "blog"), proof]
    assert to_make_up({"shop": DUE.timestamp()}, runs) == (begin, wait)


async def test_a_late_run_is_waited_for_and_nothing_is_piled_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is back after an outage; the late run of Prefect crashes, and then what it left is made up once."""
    late = FlowRun(
        flow_id=uuid4(), parameters={"stack": "shop"}, state_type=StateType.SCHEDULED,
        state=State(type=StateType.SCHEDULED), expected_start_time=DUE,
    )  # fmt: skip
    client = Mock(
        read_deployment=AsyncMock(return_value=Mock(schedules=[schedule()])),
        read_flow_runs=AsyncMock(side_effect=lambda **asked: [] if asked["offset"] else [late]),
        create_flow_run_from_deployment=AsyncMock(),
        create_deployment_schedules=AsyncMock(),
    )
    monkeypatch.setattr("deployments.server.nightly.nightly_backups", lambda _: (nightly(),))
    monkeypatch.setattr(
        "deployments.server.nightly._missed", lambda wanted, _: {night.stack.name: DUE.timestamp() for night in wanted}
    )
    backups = NightlyBackups(Mock(), uuid4())
    await backups.look(client)
    await backups.look(client)
    client.create_flow_run_from_deployment.assert_not_awaited()
    late.state_type = StateType.CRASHED
    await backups.look(client)
    await backups.look(client)
    client.create_flow_run_from_deployment.assert_awaited_once()
