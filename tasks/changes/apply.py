"""Apply one change of a plan: record the intent, make the change, wait until it is healthy, record the outcome."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from infra_specs.catalogue.job import is_one_off
from infra_specs.errors import ChangeFailed, Fenced, TenfoldError
from infra_specs.plan.plan import Change
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.services import holds_copies
from tasks.base.poll import until
from tasks.changes.failure_log import failure_log
from tasks.providers.base import Drains, Stops
from tasks.run.context import RunContext, current
from tasks.run.retry import retryable_task

HEALTH_SECONDS = 90.0
"""Seconds that a new instance may take to become healthy. Providers report `failed` earlier."""
JOB_SECONDS = 3600.0
"""Seconds that a job may run while other changes wait for it."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a change ended."""

    change: str
    seconds: float


@retryable_task("{change}")
async def apply(change: Change) -> Outcome:
    """Apply one change and wait until it is healthy. A change that is done already succeeds.

    Raises ChangeFailed, with the last log lines, if the instance does not become healthy; Fenced if the lock is lost;
    ProviderError if the target refuses the change.
    """
    context, began = current(), time.monotonic()
    record = await asyncio.to_thread(_intend, context, change)
    try:
        await _do(context, change)
    except Fenced:
        raise
    except TenfoldError as error:
        await asyncio.to_thread(context.ledger.outcome, context.lease, record, "failed", str(error), _since(began))
        raise
    await asyncio.to_thread(context.ledger.outcome, context.lease, record, "done", "", _since(began))
    return Outcome(str(change), _since(began))


def _intend(context: RunContext, change: Change) -> str:
    data = {"action": change.action, "address": change.address, "reason": change.reason, "text": str(change)}
    return context.ledger.intend(context.lease, context.run_id, data)


async def _do(context: RunContext, change: Change) -> None:
    provider, instance = context.provider, change.instance
    if change.action == "destroy":
        assert instance is not None
        removed = instance
        await _drain(context, removed)
        await _effect(context, lambda: provider.destroy(removed))
        return
    assert change.resource is not None
    resource = change.resource.resolved(context.value_of)
    if change.action == "create":
        instance = await _effect(context, lambda: provider.create(resource))
    elif change.action == "update":
        assert instance is not None
        previous = instance
        instance = await _effect(context, lambda: provider.update(previous, resource))
    assert instance is not None
    context.instances[change.address] = instance
    if not is_one_off(change.address):
        # An updated instance may still serve, and others may depend on a non-replica: neither is stopped.
        await _prove(context, instance, to_stop=change.action != "update" and holds_copies(instance.kind))


async def _effect(context: RunContext, call: Callable[[], T]) -> T:
    """Make an outside change, but only while the run has its lock. Raises Fenced otherwise."""

    def fenced() -> T:
        context.ledger.check(context.lease)
        return call()

    return await asyncio.to_thread(fenced)


async def _prove(context: RunContext, instance: Instance, *, to_stop: bool) -> None:
    async def look() -> Health:
        return await asyncio.to_thread(context.provider.health, instance)

    seconds, awaited = (JOB_SECONDS, "ended") if instance.kind == "job" else (HEALTH_SECONDS, "healthy")
    health = await until(look, lambda latest: latest.state != "starting", seconds)
    if health.state == "healthy":
        return
    reason = health.reason if health.state == "failed" else f"not {awaited} after {seconds:g} s: {health.reason}"
    message = await failure_log(context, instance, removed=instance.kind == "job")
    if to_stop:
        message += await stop_failed(context, instance, reason)
    if context.rolls_back:
        raise ChangeFailed(f"{instance} of {context.stack} {reason}.{message}")
    raise ChangeFailed(
        f"{instance} of {context.stack} {reason}.{message}\n"
        f"It is kept for inspection: tenfold logs {context.stack} {instance.address}. What was finished stands; "
        "mend the cause and run it again."
    )


async def stop_failed(context: RunContext, instance: Instance, reason: str) -> str:
    """Stop a failed instance. Returns a note if it could not be stopped, else an empty text."""
    provider = context.provider
    if not isinstance(provider, Stops):
        return ""
    stopper = provider
    try:
        await _effect(context, lambda: stopper.stop(instance, context.redacted(reason)))
    except Fenced:
        raise
    except TenfoldError as error:
        return f"\nIt may still run: {error}"
    return ""


async def _drain(context: RunContext, instance: Instance) -> None:
    provider = context.provider
    if not instance.drain_seconds or instance.failed or not isinstance(provider, Drains):
        return

    looks = [1, 1]

    async def look() -> list[int]:
        looks.append(await asyncio.to_thread(provider.in_flight, instance))
        return looks[-2:]

    # Two zeros in a row: a proxy thread may still send one request after the first.
    await until(look, lambda last: not any(last), instance.drain_seconds)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
