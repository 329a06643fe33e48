"""Periods of the week by the clock on the wall."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from infra_specs.scaling.schedule import active_period, period

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("at", "until", "when", "holds"),
    [
        ("Mon-Fri 08:00", "18:00", "2026-01-05 08:00", True),
        ("Mon-Fri 08:00", "18:00", "2026-01-05 07:59", False),
        ("Mon-Fri 08:00", "18:00", "2026-01-05 17:59", True),
        ("Mon-Fri 08:00", "18:00", "2026-01-05 18:00", False),
        ("Mon-Fri 08:00", "18:00", "2026-01-10 12:00", False),
        ("Mon-Fri 08:00", "24:00", "2026-01-09 23:59", True),
        ("Mon-Fri 08:00", "24:00", "2026-01-10 00:00", False),
        ("Sat,Sun 10:00", "12:00", "2026-01-11 11:00", True),
        ("Sat-Mon 10:00", "12:00", "2026-01-12 11:00", True),
        ("Sat-Mon 10:00", "12:00", "2026-01-13 11:00", False),
        ("10:00", "12:00", "2026-01-14 11:00", True),
        ("Fri 22:00", "06:00", "2026-01-09 23:00", True),
        ("Fri 22:00", "06:00", "2026-01-10 05:59", True),
        ("Fri 22:00", "06:00", "2026-01-10 06:00", False),
        ("Fri 22:00", "06:00", "2026-01-09 05:00", False),
        ("Sun 22:00", "06:00", "2026-01-12 05:00", True),
        ("Mon 00:00", "00:00", "2026-01-05 12:00", True),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
def test_a_period(at: str, until: str, when: str, holds: bool, zone: str) -> None:
    now = datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(zone)).timestamp()
    assert (active_period([period(at, until, 2)], zone, now) is not None) is holds


def test_eight_is_eight_in_summer_and_in_winter() -> None:
    work = period("08:00", "18:00", 2)
    for day in ("2026-01-05", "2026-07-06"):
        begins = datetime.fromisoformat(f"{day} 08:00").replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
        assert active_period([work], "Europe/Berlin", begins) == work
        assert active_period([work], "Europe/Berlin", begins - 60) is None


def test_of_several_the_highest_counts() -> None:
    day, noon = period("08:00", "18:00", 2), period("11:00", "13:00", 9)
    assert active_period([day, noon], "UTC", 12 * 3600.0) == noon
    assert active_period([day, noon], "UTC", 14 * 3600.0) == day
    assert active_period([], "UTC", 0.0) is None
