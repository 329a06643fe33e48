"""Looking at an instance until it is as it was asked for, until its outputs are known, or until it is gone."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from infra_specs.catalogue.ready_seconds import look_delays, ready_seconds
from infra_specs.errors import ChangeFailed
from infra_specs.plan.proof import failure
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.base.poll import until_over
from tasks.providers.seam.provider import KindProvider


async def settled(
    provider: KindProvider, instance: Instance, resource: Resource, *, ready: bool
) -> tuple[Instance, str]:
    """The instance at the last look, and what is wrong with it then, as the end of a sentence; empty once it is well.

    It is looked at often at first and then ever more rarely, until it is healthy, has surely failed, or has had the
    time of its kind. `ready`: one that is not ready is waited for, too; else it is well, for it has answered.
    """
    awaited_states = ("starting", "unready") if ready else ("starting",)

    def over(current: Instance | None) -> bool:
        return current is None or current.health.state not in awaited_states or bool(failure(current, resource))

    seconds = ready_seconds(provider.target, instance.kind, resource.patience)
    current = await _looked_at(provider, instance, over, seconds)
    why = failure(current, resource)
    if current is not None and not why and current.health.state in awaited_states:
        awaited = "ended" if instance.kind == "job" else "healthy"
        why = f"not {awaited} after {seconds:g} s: {current.health.reason}"
    return current or instance, why


async def with_outputs(provider: KindProvider, instance: Instance, outputs: Collection[str]) -> Instance:
    """The instance once these outputs of it are known. Raises ChangeFailed if they do not come in its kind's time."""

    def missing(current: Instance) -> list[str]:
        return [name for name in outputs if name not in current.outputs]

    def over(current: Instance | None) -> bool:
        return current is None or not current.live or not missing(current)

    if not missing(instance):
        return instance
    current = await _looked_at(provider, instance, over, _seconds(provider, instance))
    if current is None or not current.live or missing(current):
        why = "it is gone" if current is None else current.health.reason
        raise ChangeFailed(
            f"{instance} of {instance.stack} does not say its {' and '.join(missing(current or instance))}: {why}. "
            "Others refer to that. Run it again once it is well."
        )
    return current


async def await_gone(
    provider: KindProvider, instance: Instance, destroy: Callable[[Instance], Awaitable[Instance | None]]
) -> None:
    """Look, and destroy what is left, until it is gone. Raises ChangeFailed if it is not after the time of its kind."""

    async def look() -> Instance | None:
        left = await asyncio.to_thread(provider.look, instance)
        return left and await destroy(left)

    delays = look_delays(_seconds(provider, instance))
    if left := await until_over(look, lambda left: left is None, delays):
        raise ChangeFailed(
            f"{instance} of {instance.stack} is not gone after {_seconds(provider, instance):g} s: "
            f"{left.health.reason}. Run it again: it goes on where it is."
        )


async def _looked_at(
    provider: KindProvider, instance: Instance, over: Callable[[Instance | None], bool], seconds: float
) -> Instance | None:
    async def look() -> Instance | None:
        return await asyncio.to_thread(provider.look, instance)

    return await until_over(look, over, look_delays(seconds))


def _seconds(provider: KindProvider, instance: Instance) -> float:
    return ready_seconds(provider.target, instance.kind)
