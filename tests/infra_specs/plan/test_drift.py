"""Which events of a target have its stack looked at, and when."""

from collections.abc import Mapping

import pytest

from infra_specs.plan.drift import Event, Look, Pause, Told, delay, left, look_at, noted

pytestmark = pytest.mark.pure
WEB, CACHE, JOB = "replica/web-0", "cache/main", "job/run-7f"


@pytest.mark.parametrize(
    ("address", "told", "seconds"),
    [
        (WEB, "ended", 0.2),
        (WEB, "down", 10),
        (WEB, "silent", 0.2),
        (WEB, "unready", 31),
        (WEB, "restarts", None),
        (WEB, "stopped", None),
        (WEB, "well", None),
        (CACHE, "ended", 0.2),
        (CACHE, "down", 10),
        (CACHE, "silent", 30),
        (CACHE, "restarts", None),
        (JOB, "ended", None),
        (JOB, "silent", None),
        ("volume/web.data", "ended", 0.2),
        ("", "missed", 0.2),
    ],
)
def test_delay(address: str, told: Told, seconds: float | None) -> None:
    assert delay(Event("shop", address, told)) == seconds


@pytest.mark.parametrize(
    ("events", "looks"),
    [
        ([], {}),
        ([("ended", 100)], {WEB: 100.2}),
        ([("ended", 100), ("ended", 100.1), ("silent", 101)], {WEB: 100.2}),
        ([("unready", 100)], {WEB: 131}),
        ([("unready", 100), ("unready", 110)], {WEB: 131}),
        ([("unready", 100), ("ended", 110)], {WEB: 110.2}),
        ([("unready", 100), ("well", 110)], {}),
        ([("down", 100), ("well", 101)], {}),
        ([("well", 100)], {}),
        ([("restarts", 100)], {}),
        ([("unready", 100), ("restarts", 101)], {WEB: 131}),
    ],
)
def test_events_are_gathered(events: list[tuple[Told, float]], looks: dict[str, float]) -> None:
    due: Mapping[str, Look] = {}
    for told, moment in events:
        due = noted(due, Event("shop", WEB, told), moment)
    assert {address: look.at for address, look in due.items()} == looks


def test_each_address_has_its_own_look() -> None:
    looks = noted(noted({}, Event("shop", WEB, "ended", "exited with 137"), 100.0), Event("shop", "", "missed"), 101.0)
    assert looks == {WEB: Look(100.2, f"{WEB} exited with 137"), "": Look(101.2, "its target missed")}
    assert noted(looks, Event("shop", CACHE, "well"), 102.0) == looks


@pytest.mark.parametrize(
    ("looks", "pause", "last", "at"),
    [
        ({}, Pause(), None, None),
        ({}, Pause(500), 100, None),
        ({WEB: 100}, Pause(), None, 100),
        ({WEB: 100, CACHE: 90}, Pause(), None, 90),
        ({WEB: 100}, Pause(), 50, 100),
        ({WEB: 100}, Pause(), 99, 102),
        ({WEB: 100}, Pause(160), None, 160),
        ({WEB: 100}, Pause(addresses={WEB: 160}), None, 160),
        ({WEB: 100, CACHE: 130}, Pause(addresses={WEB: 160}), None, 130),
        ({WEB: 100}, Pause(addresses={CACHE: 160}), None, 100),
        ({"": 100}, Pause(addresses={WEB: 160}), None, 100),
        ({WEB: 100}, Pause(90, {WEB: 80}), None, 100),
    ],
)
def test_the_next_look(looks: dict[str, float], pause: Pause, last: float | None, at: float | None) -> None:
    assert look_at({address: Look(moment, "why") for address, moment in looks.items()}, pause, last) == at


def test_a_look_answers_all_that_was_due() -> None:
    looks = {WEB: Look(100.0, "why"), CACHE: Look(130.0, "why")}
    assert left(looks, 100.0) == {CACHE: looks[CACHE]}
    assert left(looks, 99.0) == looks
