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
from tasks.run.retry import RETRIES, retryable_task


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
