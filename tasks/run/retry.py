"""The decorator of all our tasks: one retry policy, no caching, and run names as in the plan."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from random import uniform
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from infra_specs.errors import TransientError
from tasks.run.redacted_logs import without_secrets

P = ParamSpec("P")
R = TypeVar("R")

RETRIES = 4
FIRST_DELAY = 0.5
"""Seconds; doubled at each retry, with jitter."""
JITTER = 0.5
"""How much longer a delay may be, as a part of it."""


def retryable_task(name: str) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Task[P, Coroutine[Any, Any, R]]]:
    """Make a Prefect task of a function with one outside effect. Only a TransientError is retried.

    Error messages are redacted: they contain no known secret.
    """

    def decorate(function: Callable[P, Coroutine[Any, Any, R]]) -> Task[P, Coroutine[Any, Any, R]]:
        @wraps(function)
        async def without_secret_texts(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return await function(*args, **kwargs)
            except Exception as error:  # raised again, whatever it is
                # Its text becomes the message of the task's state, which Prefect keeps.
                redacted = without_secrets(error)
                if redacted is error:
                    raise
            raise redacted  # outside of the block: else the error that it stands for would be its context

        return as_task(without_secret_texts)

    as_task = task(
        task_run_name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=RETRIES,
        retry_delay_seconds=exponential_backoff(FIRST_DELAY),
        retry_jitter_factor=JITTER,
        retry_condition_fn=_is_transient,
    )
    return decorate


async def unrecorded(task: Task[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """The result of one of our tasks, retried as always, without a task run in Prefect: for looks of an unasked run."""
    for retry in range(RETRIES):
        try:
            return await task.fn(*args, **kwargs)
        except TransientError:
            await asyncio.sleep(FIRST_DELAY * 2**retry * uniform(1, 1 + JITTER))  # noqa: S311 - no secret hangs on it
    return await task.fn(*args, **kwargs)


async def _is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    try:
        await state.result()
    except TransientError:
        return True
    except Exception:  # The question is only whether it was transient; the task raises it itself
        return False
    return False
