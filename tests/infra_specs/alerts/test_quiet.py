"""When it is quiet."""

from datetime import UTC, datetime

import pytest

from infra_specs.alerts.quiet import QuietHours, Silence, is_silenced

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "clock", "expected"),
    [
        ("22:00-07:00 UTC", "21:59", False),
        ("22:00-07:00 UTC", "22:00", True),
        ("22:00-07:00 UTC", "06:59", True),
        ("22:00-07:00 UTC", "07:00", False),
        ("12:00-13:00 UTC", "12:30", True),
        ("12:00-13:00 UTC", "13:00", False),
        ("22:00-07:00 Europe/Berlin", "21:30", True),
        ("22:00-07:00 Europe/Berlin", "06:30", False),
    ],
)
def test_hours_are_read_from_the_clock_on_the_wall(text: str, clock: str, expected: bool) -> None:
    hour, minute = map(int, clock.split(":"))
    moment = datetime(2026, 12, 1, hour, minute, tzinfo=UTC).timestamp()
    assert QuietHours.of(text).holds(moment) is expected


def test_a_silence_is_of_its_stack_and_its_time() -> None:
    silences = [Silence("shop", 100, 200)]
    assert [is_silenced(silences, "shop", moment) for moment in (99, 100, 199, 200)] == [False, True, True, False]
    assert not is_silenced(silences, "blog", 150)
