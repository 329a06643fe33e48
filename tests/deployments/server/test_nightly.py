"""One schedule for each stack that has data, put right at each look, and what was due while nobody served."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.schedules import CronSchedule

from deployments.server.nightly import Nightly, changes
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
    too_many, wanted = changes(known, [nightly()])
    assert (len(too_many), [night.stack.name for night in wanted]) == (stale, missing)


def test_200_stacks_take_one_look() -> None:
    stacks = [nightly(f"shop-{number}") for number in range(200)]
    assert len(changes([], stacks)[1]) == 200
    made = [schedule(slug=night.stack.name, stack=night.stack.name) for night in stacks]
    assert changes(made, stacks) == ([], [])


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
    ],
)
def test_when_it_was_due_last(at: str, timezone: str, now: tuple[int, ...], due: tuple[int, ...]) -> None:
    moment = datetime(*now, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]
    expected = datetime(*due, tzinfo=UTC)  # type: ignore[arg-type, misc]
    assert datetime.fromtimestamp(nightly(at=at, timezone=timezone).last_due(moment), UTC) == expected
