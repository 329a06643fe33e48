"""What a role used: of processes that stay, come and go, none is counted twice."""

import pytest

from benchmarks.idle.processes import Row, Used, peak_memory, rows

pytestmark = pytest.mark.pure


def used(role: str, parent: int, seconds: float, ended: float = 0.0, written: int = 0, memory: int = 10) -> Used:
    return Used(role, parent, seconds, ended, written, memory)


def test_a_process_that_stays_used_what_came_to_it() -> None:
    samples = [{7: used("server", 1, 10.0, written=100)}, {7: used("server", 1, 12.0, written=160, memory=30)}]
    assert rows(samples) == (Row("server", 2.0, 60, 30),)


def test_of_a_child_that_ended_only_the_seconds_since_the_first_sample_count() -> None:
    parent, child = used("serving process", 1, 5.0, ended=1.0, written=50), used("forks", 7, 3.0, written=20)
    end = used("serving process", 1, 5.5, ended=1.0 + 4.0, written=50 + 25)
    assert rows([{7: parent, 8: child}, {7: end}]) == (
        Row("serving process: ended children", 1.0, 0, 0),
        Row("serving process", 0.5, 5, 10),
        Row("forks", 0.0, 0, 10),
    )


def test_a_process_that_came_counts_from_its_beginning() -> None:
    samples = [{7: used("server", 1, 1.0)}, {7: used("server", 1, 1.0), 8: used("new runs", 7, 0.5, memory=4)}]
    assert rows(samples)[0] == Row("new runs", 0.5, 0, 4)


def test_the_peak_is_of_one_moment() -> None:
    samples = [
        {7: used("server", 1, 0, memory=5), 8: used("forks", 7, 0, memory=5)},
        {7: used("server", 1, 0, memory=9), 9: used("stacks", 1, 0, memory=99)},
    ]
    assert peak_memory(samples, {"server", "forks"}) == 10
