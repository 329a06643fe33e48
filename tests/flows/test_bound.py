"""A run that nobody asked for ends in time, and what bounds itself is not cut off."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from flows.engine import bound
from flows.engine.bound import bounded, bounds_itself
from infra_specs.errors import TransientError

pytestmark = pytest.mark.pure
LATE = 0.1


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bound, "UNASKED_SECONDS", LATE / 10)
    monkeypatch.setattr(bound, "AFTER_SECONDS", LATE / 10)


async def late() -> str:
    await asyncio.sleep(LATE)
    return "done"


async def late_under_its_own_bound() -> str:
    with bounds_itself():
        return await late()


async def late_afterwards() -> str:
    await late_under_its_own_bound()
    await asyncio.Event().wait()
    return "never"


async def test_what_takes_too_long_is_cut_off() -> None:
    with pytest.raises(TransientError, match=r"check took more than 0\.01 s and was ended"):
        await bounded("check", late(), asked_for=False)


@pytest.mark.parametrize("working", [late, late_under_its_own_bound])
async def test_what_somebody_asked_for_has_no_bound(working: Callable[[], Coroutine[None, None, str]]) -> None:
    assert await bounded("check", working(), asked_for=True) == "done"


async def test_what_bounds_itself_is_not_cut_off() -> None:
    assert await bounded("check", late_under_its_own_bound(), asked_for=False) == "done"


async def test_what_comes_after_it_is() -> None:
    with pytest.raises(TransientError):
        await bounded("check", late_afterwards(), asked_for=False)


async def test_an_error_of_time_of_the_run_s_own_stays_as_it_is() -> None:
    async def failing() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await bounded("check", failing(), asked_for=False)
