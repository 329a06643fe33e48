"""Doing one change of a plan: intent into the ledger, the effect, proof that it worked, outcome into the ledger."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from infra_specs.catalogue.job import is_one_off
from infra_specs.errors import ChangeFailed, Fenced, TenfoldError
from infra_specs.plan.plan import Change
from infra_specs.resources.instance import Health, Instance
from tasks.base.poll import until
from tasks.changes.failure_log import last_words
from tasks.providers.base import Drains, Stops
from tasks.run.context import Site, site
from tasks.run.retry import effect

health_seconds = 90.0
"""How long a new instance may take to become healthy. Providers say `failed` earlier, by the thresholds of a kind."""
job_seconds = 3600.0
"""How long a job that others wait for may take to its end."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a change ended."""

    change: str
    seconds: float


@effect("{change}")
async def apply(change: Change) -> Outcome:
    """Do one change and prove it. Done already is success.

    Raises ChangeFailed with the instance's last log lines when it does not become healthy, Fenced when the lock was
    lost, ProviderError when the target refuses.
    """
    place, began = site(), time.monotonic()
    record = await asyncio.to_thread(_intend, place, change)
    try:
        await _do(place, change)
    except Fenced:
        raise
    except TenfoldError as error:
        await asyncio.to_thread(place.ledger.outcome, place.hold, record, "failed", str(error), _since(began))
        raise
    await asyncio.to_thread(place.ledger.outcome, place.hold, record, "done", "", _since(began))
    return Outcome(str(change), _since(began))


def _intend(place: Site, change: Change) -> str:
    data = {"action": change.action, "address": change.address, "reason": change.reason, "text": str(change)}
    return place.ledger.intend(place.hold, place.run, data)


async def _do(place: Site, change: Change) -> None:
    provider, instance = place.provider, change.instance
    if change.action == "destroy":
        assert instance is not None
        gone = instance
        await _drain(place, gone)
        await _effect(place, lambda: provider.destroy(gone))
        return
    assert change.resource is not None
    resource = change.resource.resolved(place.value_of)
    if change.action == "create":
        instance = await _effect(place, lambda: provider.create(resource))
    elif change.action == "update":
        assert instance is not None
        was = instance
        instance = await _effect(place, lambda: provider.update(was, resource))
    assert instance is not None
    place.known[change.address] = instance
    if not is_one_off(change.address):
        # What serves is not stopped for a change of its surroundings, nor what others lean on and may yet be well.
        await _prove(place, instance, to_stop=change.action != "update" and instance.kind == "replica")


async def _effect(place: Site, call: Callable[[], T]) -> T:
    """The only door to the outside: a run that lost its lock does not pass it."""

    def fenced() -> T:
        place.ledger.check(place.hold)
        return call()

    return await asyncio.to_thread(fenced)


async def _prove(place: Site, instance: Instance, *, to_stop: bool) -> None:
    async def look() -> Health:
        return await asyncio.to_thread(place.provider.health, instance)

    seconds, awaited = (job_seconds, "ended") if instance.kind == "job" else (health_seconds, "healthy")
    health = await until(look, lambda seen: seen.state != "starting", seconds)
    if health.state == "healthy":
        return
    why = health.reason if health.state == "failed" else f"not {awaited} after {seconds:g} s: {health.reason}"
    said = await last_words(place, instance, goes=instance.kind == "job")
    if to_stop:
        said += await stop_failed(place, instance, why)
    if place.undoes:
        raise ChangeFailed(f"{instance} of {place.stack} {why}.{said}")
    raise ChangeFailed(
        f"{instance} of {place.stack} {why}.{said}\n"
        f"It is kept for inspection: tenfold logs {place.stack} {instance.address}. What was finished stands; "
        "mend the cause and run it again."
    )


async def stop_failed(place: Site, instance: Instance, why: str) -> str:
    """Nothing that failed goes on at its work unseen. Returns what there is to say of it, if that did not succeed."""
    provider = place.provider
    if not isinstance(provider, Stops):
        return ""
    stops = provider
    try:
        await _effect(place, lambda: stops.stop(instance, place.redacted(why)))
    except Fenced:
        raise
    except TenfoldError as error:
        return f"\nIt may still run: {error}"
    return ""


async def _drain(place: Site, instance: Instance) -> None:
    provider = place.provider
    if not instance.drain_seconds or instance.failed or not isinstance(provider, Drains):
        return

    looks = [1, 1]

    async def look() -> list[int]:
        looks.append(await asyncio.to_thread(provider.in_flight, instance))
        return looks[-2:]

    # Twice in a row: what a thread of the proxy's was just about to send when it learnt of it is seen by the second.
    await until(look, lambda last: not any(last), instance.drain_seconds)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
