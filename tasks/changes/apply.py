"""Apply one change of a plan: record the intent, make the change, wait until it is healthy, record the outcome."""

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from infra_specs.app_text.shown import shown_line
from infra_specs.catalogue.job import is_one_off
from infra_specs.errors import ChangeFailed, Fenced, TenfoldError
from infra_specs.plan.plan import Change
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Ref, Resource, references
from infra_specs.resources.services import holds_copies
from tasks.base.poll import until
from tasks.changes.failure_log import failure_log
from tasks.changes.overtaken import Overtaken, unless_overtaken
from tasks.changes.prove import await_gone, settled, with_outputs
from tasks.ledger.runs import Outcome as Recorded
from tasks.run.context import RunContext, current
from tasks.run.fence import fenced
from tasks.run.retry import retryable_task

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a change ended."""

    change: str
    seconds: float


@retryable_task("{change}")
async def apply(change: Change) -> Outcome:
    """Apply one change and wait until it is healthy. A change that is done already succeeds.

    Raises ChangeFailed, with the last log lines, if the instance does not become healthy; Overtaken if it is waited for
    and what it depends on fails meanwhile, or in a repair the copy itself; Fenced if the lock is lost; ProviderError if
    the target refuses the change.
    """
    context, began = current(), time.monotonic()
    record = await asyncio.to_thread(_intend, context, change)
    try:
        await _do(context, change)
    except Fenced:
        raise
    except TenfoldError as error:
        state: Recorded = "overtaken" if isinstance(error, Overtaken) else "failed"
        await asyncio.to_thread(context.ledger.runs.outcome, context.lease, record, state, str(error), _since(began))
        raise
    await asyncio.to_thread(context.ledger.runs.outcome, context.lease, record, "done", "", _since(began))
    return Outcome(str(change), _since(began))


def _intend(context: RunContext, change: Change) -> str:
    data = {"action": change.action, "address": change.address, "reason": change.reason, "text": str(change)}
    return context.ledger.runs.intend(context.lease, context.run_id, data)


async def _do(context: RunContext, change: Change) -> None:
    provider, instance = context.provider, change.instance
    if change.action == "destroy":
        assert instance is not None
        await _drain(context, instance)
        if left := await _destroy(context, instance):
            await await_gone(provider, left, partial(_destroy, context))
        return
    assert change.resource is not None
    resource = await _resolved(context, change.resource)
    if change.action == "create":
        instance = await fenced(context, lambda: provider.create(resource))
    elif change.action == "update":
        assert instance is not None
        previous = instance
        instance = await fenced(context, lambda: provider.update(previous, resource))
    assert instance is not None
    context.instances[change.address] = instance
    if not is_one_off(change.address):
        await _prove(context, change, instance)


async def _destroy(context: RunContext, instance: Instance) -> Instance | None:
    provider = context.provider
    if not instance.stateful or provider.shelf is None or context.data_end == "delete":
        return await fenced(context, lambda: provider.destroy(instance))
    comes_back = context.data_end == "shelve"
    return await fenced(context, lambda: provider.put_away(instance, comes_back=comes_back))


async def _resolved(context: RunContext, resource: Resource) -> Resource:
    """The resource with the value of each reference; outputs that come later than their instance are waited for."""
    outputs: dict[str, list[str]] = {}
    for reference in references(resource.settings):
        if isinstance(reference, Ref):
            outputs.setdefault(reference.address, []).append(reference.output)
    for address, names in outputs.items():
        if source := context.instances.get(address):
            context.instances[address] = await with_outputs(context.provider, source, names)
    return await asyncio.to_thread(resource.resolved, context.value_of)


async def _prove(context: RunContext, change: Change, instance: Instance) -> None:
    """Wait until it is healthy and as it was asked for."""
    assert change.resource is not None
    # A new route has answered nobody yet. A copy has, and one that changed may be busy.
    ready = change.action == "create" and not holds_copies(instance.kind)
    proving = settled(context.provider, instance, change.resource, ready=ready)
    if change.action == "create" or context.rolls_back:
        latest, why = await proving
    else:
        latest, why = await unless_overtaken(context.provider, _depended_on(context, change.resource), proving)
    if not why:
        context.instances[change.address] = latest
        return
    message = await failure_log(context, instance, removed=instance.kind == "job")
    # What serves is not stopped for a change of its surroundings, nor what others lean on and may yet be well.
    if change.action != "update" and holds_copies(instance.kind):
        note = await stop_failed(context, instance, why)
        if context.repairs and change.action == "wait" and not note:
            raise Overtaken(f"{instance} {why} meanwhile, so the plan is made anew")
        message += note
    if context.rolls_back:
        raise ChangeFailed(f"{instance} of {context.stack} {why}.{message}")
    raise ChangeFailed(
        f"{instance} of {context.stack} {why}.{message}\n"
        f"It is kept for inspection: tenfold logs {context.stack} {instance.address}. What was finished stands; "
        "mend the cause and run it again."
    )


def _depended_on(context: RunContext, resource: Resource) -> tuple[Instance, ...]:
    return tuple(context.instances[address] for address in resource.dependencies if address in context.instances)


async def stop_failed(context: RunContext, instance: Instance, why: str) -> str:
    """Stop a failed instance. Returns a note if it could not be stopped, else an empty text."""
    try:
        await fenced(context, lambda: context.provider.stop(instance, shown_line(context.redacted(why))))
    except Fenced:
        raise
    except TenfoldError as error:
        return f"\nIt may still run: {error}"
    return ""


async def _drain(context: RunContext, instance: Instance) -> None:
    provider = context.provider
    if not instance.drain_seconds or not instance.live:
        return

    looks = [1, 1]

    async def look() -> list[int]:
        looks.append(await asyncio.to_thread(provider.in_flight, instance))
        return looks[-2:]

    # Twice in a row: what a thread of the proxy's was just about to send when it learnt of it is seen by the second.
    await until(look, lambda last: not any(last), instance.drain_seconds)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
