"""What is kept of 35 nights, day by day, with a clock that the test holds."""

from collections.abc import Iterable

import pytest

from infra_specs.backup.names import name_of
from infra_specs.backup.retention import expired
from infra_specs.backup.state import Backup, State
from infra_specs.stackfile.models.backup import Keep

pytestmark = pytest.mark.pure

DAY = 86_400.0
FIRST = 1_793_502_000.0  # Sunday, 2026-11-01, 03:00 UTC


def made(day: int, state: State = "proven", hour: float = 0.0) -> Backup:
    moment = FIRST + day * DAY + hour * 3600
    return Backup(name_of(moment), moment, state)


def days(backups: Iterable[Backup]) -> str:
    """The days since the first, as `0 7 8`."""
    return " ".join(f"{(backup.began - FIRST) / DAY:g}" for backup in backups)


def nights(count: int, keep: Keep, *, state: State = "proven") -> list[str]:
    """What is there after each night."""
    kept, after = list[Backup](), list[str]()
    for day in range(count):
        kept.append(made(day, state))
        gone = expired(kept, keep, "UTC")
        kept = [backup for backup in kept if backup not in gone]
        after.append(days(kept))
    return after


# By the night: the last seven, and the last proven one of each of the last four weeks (Sundays: 0, 7, 14, 21, 28).
KEPT = """\
0
0 1
0 1 2
0 1 2 3
0 1 2 3 4
0 1 2 3 4 5
0 1 2 3 4 5 6
0 1 2 3 4 5 6 7
0 2 3 4 5 6 7 8
0 3 4 5 6 7 8 9
0 4 5 6 7 8 9 10
0 5 6 7 8 9 10 11
0 6 7 8 9 10 11 12
0 7 8 9 10 11 12 13
0 7 8 9 10 11 12 13 14
0 7 9 10 11 12 13 14 15
0 7 10 11 12 13 14 15 16
0 7 11 12 13 14 15 16 17
0 7 12 13 14 15 16 17 18
0 7 13 14 15 16 17 18 19
0 7 14 15 16 17 18 19 20
0 7 14 15 16 17 18 19 20 21
7 14 16 17 18 19 20 21 22
7 14 17 18 19 20 21 22 23
7 14 18 19 20 21 22 23 24
7 14 19 20 21 22 23 24 25
7 14 20 21 22 23 24 25 26
7 14 21 22 23 24 25 26 27
7 14 21 22 23 24 25 26 27 28
14 21 23 24 25 26 27 28 29
14 21 24 25 26 27 28 29 30
14 21 25 26 27 28 29 30 31
14 21 26 27 28 29 30 31 32
14 21 27 28 29 30 31 32 33
14 21 28 29 30 31 32 33 34"""


def test_what_is_kept_day_by_day() -> None:
    assert nights(35, Keep()) == KEPT.splitlines()


@pytest.mark.parametrize("state", ["written", "failed"])
def test_with_no_proof_nothing_is_removed(state: State) -> None:
    assert nights(35, Keep(), state=state)[-1] == " ".join(map(str, range(35)))


def test_once_proofs_fail_what_was_there_stays() -> None:
    kept = [made(day) for day in range(3, 10)]
    later = [made(day, "failed") for day in range(10, 35)]
    assert expired([*kept, *later], Keep(), "UTC") == ()


def test_an_unproven_one_goes_with_its_days() -> None:
    backups = [made(day) for day in range(10)] + [made(1, "failed", 5), made(9, "written", 5)]
    assert days(expired(backups, Keep(daily=3, weekly=0), "UTC")) == "0 1 1.20833 2 3 4 5 6"


def test_everything_of_a_day_that_is_kept_stays() -> None:
    backups = [made(0), made(1), made(1, hour=4), made(1, hour=8)]
    assert days(expired(backups, Keep(daily=1, weekly=0), "UTC")) == "0"


def test_the_last_one_never_goes() -> None:
    assert expired([made(0)], Keep(daily=1, weekly=0), "UTC") == ()


def test_a_day_is_one_of_the_time_zone() -> None:
    late, early = made(0, hour=19.5), made(0, hour=20.5)  # 22:30 and 23:30 UTC
    keep = Keep(daily=1, weekly=0)
    assert expired([late, early], keep, "UTC") == ()
    assert expired([late, early], keep, "Europe/Berlin") == (late,)
