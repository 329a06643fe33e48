"""Windows are kept for two days and five-minute means for five weeks, and no check has much to remove."""

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from infra_specs.scaling.measurement import Measurement
from tasks.ledger import Lease, Ledger
from tasks.ledger.database import Database
from tasks.ledger.measurements import MEASUREMENTS_KEPT, SAMPLES_KEPT
from tasks.ledger.tables import measurements, samples
from tests.tasks.ledger.checking import began, checked, checks, keep, key, seen

__all__ = ["checks"]

whole = Measurement(began, 15.0, 41.7, 5.25, 0.125, 2, cpu=0.5, queue=3.0, status="reset", errors=1.5)


def test_every_window_is_kept_as_it_was_seen(ledger: Ledger, checks: Lease) -> None:
    nothing = Measurement(began + 15, 0.0, status="absent")
    for sample in (whole, nothing, replace(whole, at=began + 301)):
        keep(ledger, checks, sample.at, checked(sample.at, measured=sample))
    assert ledger.measurements.samples(*key, began, began + 400) == (whole, nothing, replace(whole, at=began + 301))
    assert ledger.measurements.samples(*key, began + 1, began + 300) == (nothing,)
    assert ledger.measurements.samples("shop", "api", began, began + 400) == ()


def test_windows_of_an_older_version_are_read_and_added_to(ledger: Ledger, checks: Lease, database: Database) -> None:
    old = [15, 15.0, 41.7, 5.25, 0.125, 2, 0.5, 3.0, "reset"]
    row = {"period": int(began), "stack": "shop", "service": "web", "windows": json.dumps([old])}
    with database.write() as connection:
        connection.execute(sa.insert(samples).values(**row))
    before = replace(whole, at=began + 15, errors=None)
    assert ledger.measurements.samples(*key, began, began + 400) == (before,)
    now = replace(whole, at=began + 30)
    keep(ledger, checks, now.at, checked(now.at, measured=now))
    assert ledger.measurements.samples(*key, began, began + 400) == (before, now)
    assert ledger.measurements.means(*key, began, began)[0].errors == 1.5


def test_numbers_keep_four_digits(ledger: Ledger, checks: Lease) -> None:
    keep(ledger, checks, began, checked(began, measured=replace(whole, requests_per_second=1 / 3, in_flight=123456.7)))
    (sample,) = ledger.measurements.samples(*key, began, began)
    assert (sample.requests_per_second, sample.in_flight) == (0.3333, 123500.0)


def test_five_minutes_are_summed_up_as_they_come(ledger: Ledger, checks: Lease) -> None:
    windows = [
        seen(began + 10, 4.0, seconds=10.0),
        seen(began + 40, 10.0, seconds=30.0, serving=4),
        seen(began + 55, None, seconds=0.0, latency=None, requests_per_second=None, serving=None, status="absent"),
    ]
    for window in windows:
        keep(ledger, checks, window.at, checked(window.at, measured=window))
    (row,) = ledger.measurements.means(*key, began, began + 60)
    assert (row.at, row.seconds) == (began, 40.0)
    assert row.in_flight == pytest.approx((4 * 10 + 10 * 30) / 40), "weighted by time"
    assert row.most_in_flight == 10.0
    assert row.serving == pytest.approx((2 * 10 + 4 * 30) / 40)
    assert (row.latency, row.most_latency, row.most_requests_per_second) == (0.125, 0.125, 40.0)


def test_what_was_never_seen_is_unknown_and_not_zero(ledger: Ledger, checks: Lease) -> None:
    keep(ledger, checks, began, checked(began, measured=Measurement(began, 0.0, status="absent")))
    (row,) = ledger.measurements.means(*key, began, began)
    assert (row.requests_per_second, row.in_flight, row.latency, row.serving) == (None, None, None, None)


def test_the_same_window_twice_is_one(ledger: Ledger, checks: Lease) -> None:
    keep(ledger, checks, began, checked(began))
    keep(ledger, checks, began, checked(began, measured=seen(began, 7.0)))
    assert [sample.in_flight for sample in ledger.measurements.samples(*key, began, began)] == [7.0]


def test_many_stacks_in_one_check(ledger: Ledger, checks: Lease) -> None:
    names = [(f"stack-{number}", "web") for number in range(120)]
    for at in (began, began + 15):
        keep(ledger, checks, at, *(checked(at, of=name) for name in names))
    assert len(ledger.measurements.samples(*names[77], began, began + 15)) == 2
    assert len(ledger.checks.recall()) == 120


def test_what_is_too_old_goes_some_at_a_time(ledger: Ledger, checks: Lease, database: Database) -> None:
    for number in range(500):
        at = began + 300 * number
        keep(ledger, checks, at, checked(at))
    last = began + 300 * 499
    assert count(database, samples) == count(database, measurements) == 500
    keep(ledger, checks, last + SAMPLES_KEPT, checked(last + SAMPLES_KEPT))
    assert count(database, samples) == 301, "no check has more to do than a little"
    for more in (15, 30):
        keep(ledger, checks, last + SAMPLES_KEPT + more, checked(last + SAMPLES_KEPT + more))
    assert count(database, samples) == 2, "the last period within two days, and this one"
    assert count(database, measurements) == 501
    for more in range(0, 60, 15):
        keep(ledger, checks, last + MEASUREMENTS_KEPT + more, checked(last + MEASUREMENTS_KEPT + more))
    assert count(database, measurements) == 3


def count(database: Database, table: sa.Table) -> int:
    with database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_what_is_no_number_was_not_measured(ledger: Ledger, database: Database, checks: Lease) -> None:
    keep(ledger, checks, began, checked(began, measured=whole))
    if not database.is_sqlite:
        pytest.skip("only SQLite keeps a text in a column of numbers")
    with database.write() as connection:
        connection.execute(sa.text("UPDATE measurements SET in_flight = 'x', seconds = 'y'"))
        connection.execute(sa.text("UPDATE samples SET windows = replace(windows, '5.25', '\"x\"')"))
    (row,) = ledger.measurements.means(*key, began, began + 60)
    assert (row.seconds, row.in_flight, row.latency) == (0.0, None, 0.125)
    assert ledger.measurements.samples(*key, began, began + 60) == ()
