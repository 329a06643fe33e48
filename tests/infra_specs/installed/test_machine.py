"""The points of a machine."""

from dataclasses import replace
from typing import Any

import pytest

from infra_specs.installed.machine import MachineFacts, machine_checks
from infra_specs.installed.versions import Difference

pytestmark = pytest.mark.pure

WELL = MachineFacts(
    python=(3, 11, 7), differences=(), home="/home/ann/.tenfold", free_bytes=50 * 2**30, home_fault="", port=4200,
    port_state="free", plane="down", other_code="", login_fault="", engine="29.1.3", engine_fault="",
    clock_ahead_seconds=0.1, is_synchronised=True,
)  # fmt: skip
FASTAPI = Difference("fastapi", "0.152.0", "0.165.0", "the control plane does not start")


def test_a_machine_where_all_is_well() -> None:
    checks = machine_checks(WELL)
    assert {check.state for check in checks} == {"ok"}
    assert [check.point for check in checks] == [
        "Python", "packages", "disk", "clock", "port", "control plane", "login", "Docker Engine",
    ]  # fmt: skip
    assert {check.state for check in machine_checks(replace(WELL, is_synchronised=None))} == {"ok"}


@pytest.mark.parametrize(
    ("changes", "point", "state", "words"),
    [
        ({"python": (3, 10, 2)}, "Python", "fault", "install Python 3.11 or newer"),
        ({"differences": (FASTAPI,)}, "packages", "fault", "install fastapi==0.152.0"),
        ({"differences": (replace(FASTAPI, breaks=""),)}, "packages", "note", "than tested: fastapi 0.165.0"),
        ({"home_fault": "the disk is full"}, "disk", "fault", "TENFOLD_HOME"),
        ({"free_bytes": 2**30}, "disk", "note", "make room"),
        ({"clock_ahead_seconds": -90.0}, "clock", "fault", "the engine's clock is 90 s behind"),
        ({"is_synchronised": False}, "clock", "note", "it follows no time server"),
        ({"port_state": "taken"}, "port", "note", "TENFOLD_SERVER_PORT"),
        ({"plane": "failed, healthy"}, "control plane", "fault", "tenfold server status"),
        ({"plane": "healthy", "other_code": "tenfold server stop"}, "control plane", "note", "tenfold server stop"),
        ({"login_fault": "everybody can read it"}, "login", "fault", "everybody can read it"),
        ({"engine": "", "engine_fault": "it does not answer"}, "Docker Engine", "note", "it does not answer"),
    ],
)  # fmt: skip
def test_what_is_not_well_is_said_with_what_to_do(changes: dict[str, Any], point: str, state: str, words: str) -> None:
    (check,) = (check for check in machine_checks(replace(WELL, **changes)) if check.state != "ok")
    assert (check.point, check.state) == (point, state)
    assert words in f"{check.seen} {check.advice}"
    assert check.advice
