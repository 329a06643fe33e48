"""The accidents of the chaos benchmark: equal seeds give equal ones, and everybody is met."""

import pytest

from benchmarks.chaos.accidents import WATCHERS, Accident, rounds
from benchmarks.chaos.report import Recovery, Report

pytestmark = pytest.mark.pure

VICTIMS = ("web-0", "web-1", "database", "server", "supervisor", "guardian")


def test_equal_seeds_give_equal_rounds() -> None:
    assert list(rounds(7, 20, VICTIMS)) == list(rounds(7, 20, VICTIMS))
    assert len({str(list(rounds(seed, 20, VICTIMS))) for seed in range(20)}) == 20


@pytest.mark.parametrize("seed", range(20))
def test_everybody_is_met_before_one_is_met_again(seed: int) -> None:
    met = [accident.victim for accidents in rounds(seed, 60, VICTIMS) for accident in accidents]
    assert set(met[: len(VICTIMS)]) == set(VICTIMS)


@pytest.mark.parametrize("seed", range(20))
def test_what_watches_is_never_asked_to_end(seed: int) -> None:
    for accidents in rounds(seed, 60, VICTIMS):
        assert 1 <= len({accident.victim for accident in accidents}) == len(accidents) <= 2
        assert all(accident.action != "stop" for accident in accidents if accident.victim in WATCHERS)


def test_what_never_came_back_is_seen_in_the_table() -> None:
    report = Report([Recovery(Accident("kill", f"web-{slot}"), seconds) for slot, seconds in ((0, 2.0), (1, None))])
    _, line = report.table()
    assert line.split() == ["replica", "killed", "2", "inf", "inf"]
