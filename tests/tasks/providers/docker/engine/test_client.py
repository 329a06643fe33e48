"""What the engine lists of the processes in a container, read by columns that it may leave out."""

import pytest

from tasks.providers.docker.engine.client import is_all_stopped

pytestmark = pytest.mark.pure

TITLES = ["PID", "PPID", "STAT"]


@pytest.mark.parametrize(
    ("processes", "stopped"),
    [
        pytest.param(None, False, id="null: it ended while it was asked"),
        pytest.param([], False, id="none"),
        pytest.param([["7", "1", "Ss"]], False, id="a sleeping one"),
        pytest.param([["7", "1", "T"]], True, id="a stopped one"),
        pytest.param([["7", "1", "Ss"], ["8", "7", "Tl"]], True, id="an init whose child is stopped"),
        pytest.param([["7", "1", "T"], ["8", "1", "R"]], False, id="one of two"),
    ],
)
def test_what_works_is_stopped(processes: list[list[str]] | None, stopped: bool) -> None:
    assert is_all_stopped({"Titles": TITLES, "Processes": processes}) is stopped


def test_columns_are_found_by_their_titles() -> None:
    assert is_all_stopped({"Titles": ["STAT", "PID", "PPID"], "Processes": [["T", "7", "1"]]})


def test_no_titles_for_no_processes() -> None:
    assert not is_all_stopped({"Titles": None, "Processes": None})
