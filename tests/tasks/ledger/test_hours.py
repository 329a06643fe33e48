"""Means of hours: made from those of five minutes, the same however often, and kept for a year."""

import pytest
import sqlalchemy as sa

from infra_specs.scaling.measurement import Measurement
from tasks.ledger import Lease, Ledger
from tasks.ledger.database import Database
from tasks.ledger.hours import HOURS_KEPT, hour_of, sum_up
from tasks.ledger.tables import hours
from tests.tasks.ledger.checking import checked, checks, keep, key, seen

__all__ = ["checks"]

began = 1_799_996_400.0
"""A whole hour."""


def test_an_hour_is_the_mean_of_its_periods_by_the_time_that_was_seen(ledger: Ledger, checks: Lease) -> None:
    for at, in_flight, seconds in ((0, 4.0, 10.0), (300, 10.0, 30.0), (3599, 1.0, 40.0), (3600, 99.0, 15.0)):
        measured = seen(began + at, in_flight, seconds=seconds)
        keep(ledger, checks, began + at, checked(began + at, measured=measured))
    (row,) = ledger.measurements.hourly_means(*key, began, began + 3599)
    assert (row.at, row.seconds, row.most_in_flight) == (began, 80.0, 10.0)
    assert row.in_flight == pytest.approx((4 * 10 + 10 * 30 + 1 * 40) / 80)
    assert (row.requests_per_second, row.latency, row.serving) == (pytest.approx(40.0), pytest.approx(0.125), 2.0)
    assert ledger.measurements.hourly_means(*key, began + 3600, began + 7199) == (), "its first period is under way"


def test_the_hour_before_an_outage_is_whole(ledger: Ledger, checks: Lease) -> None:
    keep(ledger, checks, began + 10, checked(began + 10))
    keep(ledger, checks, began + 90_000, checked(began + 90_000))
    assert [row.at for row in ledger.measurements.hourly_means(*key, began - 7200, began + 90_000)] == [began]


def test_what_was_never_seen_is_unknown_and_not_zero(ledger: Ledger, checks: Lease) -> None:
    keep(ledger, checks, began, checked(began, measured=Measurement(began, 0.0, status="absent")))
    keep(ledger, checks, began + 3600, checked(began + 3600))
    (row,) = ledger.measurements.hourly_means(*key, began, began)
    assert (row.seconds, row.in_flight, row.latency, row.serving, row.most_latency) == (0.0, None, None, None, None)


def test_an_hour_that_is_summed_up_again_is_the_same(ledger: Ledger, checks: Lease, database: Database) -> None:
    for at in range(0, 3600, 300):
        keep(ledger, checks, began + at, checked(began + at, measured=seen(began + at, float(at))))
    for _ in range(2):
        with database.write() as connection:
            sum_up(database, connection, began)
    (row,) = ledger.measurements.hourly_means(*key, began, began)
    assert (row.in_flight, row.most_in_flight) == (pytest.approx(1650.0), 3300.0)


def test_an_hour_goes_after_a_year(ledger: Ledger, checks: Lease, database: Database) -> None:
    for at in (0, 300, HOURS_KEPT + 3600, HOURS_KEPT + 3900, HOURS_KEPT + 4200):
        keep(ledger, checks, began + at, checked(began + at))
    with database.read() as connection:
        assert connection.execute(sa.select(hours.c.period)).scalars().all() == [hour_of(began + HOURS_KEPT + 3600)]
