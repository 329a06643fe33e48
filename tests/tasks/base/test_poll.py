"""Waiting: often at first, never for ever."""

import asyncio

import pytest

from tasks.base.poll import until


class Looks:
    """A thing that becomes true at the n-th look."""

    def __init__(self, true_at: int) -> None:
        self._true_at, self.taken = true_at, 0

    async def __call__(self) -> int:
        self.taken += 1
        return self.taken

    def done(self, seen: int) -> bool:
        return seen >= self._true_at


@pytest.mark.parametrize("true_at", [1, 2, 4])
def test_it_looks_until_it_is_true_and_no_more(true_at: int) -> None:
    looks = Looks(true_at)
    assert asyncio.run(until(looks, looks.done, 60)) == true_at
    assert looks.taken == true_at


def test_when_time_is_up_it_gives_the_last_look() -> None:
    looks = Looks(10_000)
    assert asyncio.run(until(looks, looks.done, 0.2)) == looks.taken


def test_without_time_it_looks_once() -> None:
    looks = Looks(10_000)
    assert asyncio.run(until(looks, looks.done, 0)) == 1


def test_a_look_that_fails_ends_the_waiting() -> None:
    async def look() -> int:
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        asyncio.run(until(look, bool, 60))
