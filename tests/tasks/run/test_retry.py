"""The one retry policy: only what a retry may mend is tried again."""

import asyncio

import pytest
from prefect.cache_policies import NO_CACHE
from prefect.states import exception_to_failed_state

from infra_specs.errors import (
    ChangeFailed,
    Fenced,
    LedgerBusy,
    LedgerError,
    LockHeld,
    PlanError,
    ProviderError,
    TransientError,
)
from tasks.run.retry import FIRST_DELAY, JITTER, RETRIES, retryable_task, unrecorded


@retryable_task("change {what}")
async def change(what: str) -> str:
    """An effect."""
    return what


@pytest.mark.parametrize("error", [TransientError("throttled"), LedgerBusy("locked")])
def test_what_is_transient_is_tried_again(error: Exception) -> None:
    assert asyncio.run(tried_again(error))


@pytest.mark.parametrize(
    "error",
    [
        ProviderError("refused"), ChangeFailed("sick"), Fenced("woken"), LockHeld("theirs"), PlanError("dear"),
        LedgerError("broken"), ValueError("a bug"), KeyError("a bug"),
    ],
)  # fmt: skip
def test_everything_else_is_not(error: Exception) -> None:
    assert not asyncio.run(tried_again(error))


def test_an_effect_is_named_as_told_and_never_cached() -> None:
    assert (change.task_run_name, change.cache_policy, change.retries) == ("change {what}", NO_CACHE, RETRIES)
    assert change.persist_result is False


async def tried_again(error: Exception) -> bool:
    assert change.retry_condition_fn is not None
    # A Task and a TaskRun are only passed through, and are not looked at.
    return bool(await change.retry_condition_fn(change, None, await exception_to_failed_state(error)))  # type: ignore[arg-type,misc]


@retryable_task("look at {stack}")
async def look(stack: str, answers: list[Exception | str]) -> str:
    """Answers as it is told."""
    answer = answers.pop(0)
    if isinstance(answer, Exception):
        raise answer
    return f"{stack}: {answer}"


@pytest.mark.parametrize(
    ("failures", "succeeds"), [(0, True), (1, True), (RETRIES, True), (RETRIES + 1, False)], ids=str
)
def test_a_look_without_a_task_run_is_tried_again_as_often(
    monkeypatch: pytest.MonkeyPatch, failures: int, succeeds: bool
) -> None:
    monkeypatch.setattr("tasks.run.retry.FIRST_DELAY", 0.0)
    answers: list[Exception | str] = [*(TransientError("throttled") for _ in range(failures)), "well"]
    if succeeds:
        assert asyncio.run(unrecorded(look, "shop", answers)) == "shop: well"
    else:
        with pytest.raises(TransientError, match="throttled"):
            asyncio.run(unrecorded(look, "shop", answers))
        assert answers == ["well"]


def test_a_look_without_a_task_run_is_not_tried_again_for_what_no_retry_mends() -> None:
    answers: list[Exception | str] = [ProviderError("refused"), "well"]
    with pytest.raises(ProviderError, match="refused"):
        asyncio.run(unrecorded(look, "shop", answers))
    assert answers == ["well"]


def test_the_delays_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("tasks.run.retry.asyncio.sleep", sleep)
    asyncio.run(unrecorded(look, "shop", [*(TransientError("throttled") for _ in range(RETRIES)), "well"]))
    assert all(
        FIRST_DELAY * 2**retry <= seconds <= FIRST_DELAY * 2**retry * (1 + JITTER)
        for retry, seconds in enumerate(slept)
    )
    assert len(slept) == RETRIES
