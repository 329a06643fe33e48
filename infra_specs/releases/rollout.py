"""The steps by which what is wanted now takes the place of what is there.

1. `before`: what is to run once before traffic moves runs to its end, and nothing else changes.
2. `canary`, if one is wanted: one more replica of each changed service takes a share of its requests for a while.
3. `replicas`: they change, all at once up to a bound and then in batches. Within a step the planner starts the new,
   routes to it, drains the old and removes it (`infra_specs.plan.order`). The last step is the whole of what is
   wanted; what is not goes.

Every step but the last changes only what it names, and is found from what is there. So a rollout that was cut off
anywhere goes on where it was; only which stages it has passed cannot be seen.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from infra_specs.errors import PlanError
from infra_specs.resources.address import Address
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Ref, Resource
from infra_specs.resources.services import ENDPOINT, canary_beside, holds_copies, is_new_release

SURGE = 10
"""Replicas of a service that change at once, or a quarter of them if that is more: so many more run meanwhile."""
Stage = Literal["before", "canary", "replicas"]
STAGES: tuple[Stage, ...] = ("before", "canary", "replicas")


@dataclass(frozen=True, slots=True)
class Share:
    """What a canary gets: `percent` of its service's requests, for `seconds`."""

    percent: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Step:
    """A desired state on the way, and why. `alone`: what it does not name is left as it is. `canaries` (service ->
    address) are watched for `canary_seconds` once it is reached."""

    stage: Stage
    why: str
    resources: tuple[Resource, ...]
    alone: bool = True
    canaries: Mapping[str, str] | None = None
    canary_seconds: float = 0.0


def rollout(
    observed: Iterable[Instance],
    desired: Sequence[Resource],
    *,
    jobs: Sequence[Resource] = (),
    share: Share | None = None,
    passed: int = 0,
) -> tuple[Step, ...]:
    """From what is there to what is wanted, without the first `passed` stages.

    `jobs` are what runs `before`. Without a `share` there is no canary; PlanError where one is wanted and cannot be.
    """
    live = {resource.address: resource for resource in observed if resource.live}
    changing = _changing(live, desired)
    steps = []
    if jobs:
        names = ", ".join(str(job.settings["service"]) for job in jobs)
        steps.append(Step("before", f"before {names} changes", _with_dependencies(jobs, desired)))
    if share and passed <= STAGES.index("canary"):
        steps += _canary(changing, live, desired, share)
    steps += _in_batches(changing, live, desired)
    return tuple(step for step in steps if STAGES.index(step.stage) >= passed)


def batches(count: int) -> int:
    """In how many parts so many replicas change: ten at once, or a quarter of them."""
    return max(1, math.ceil(count / max(SURGE, math.ceil(count / 4))))


def _changing(live: Mapping[str, Instance], desired: Sequence[Resource]) -> dict[str, list[Resource]]:
    """Service -> its replicas that take the place of another, in the order of their slots; or the service as one.

    A service is left out where old and new cannot stand behind one route, since they tell their health at different
    paths: all of it changes in the last step.
    """
    changing: dict[str, list[Resource]] = {}
    for resource in desired:
        if resource.address in live and is_new_release(live[resource.address], resource):
            changing.setdefault(str(resource.settings["service"]), []).append(resource)
    for route in _routes(changing, desired):
        instance = live.get(route.address)
        if instance is None or instance.digests.get("health") != route.digests.get("health"):
            del changing[str(route.settings["service"])]
    return changing


def _in_batches(
    changing: Mapping[str, Sequence[Resource]], live: Mapping[str, Instance], desired: Sequence[Resource]
) -> list[Step]:
    number = max([batches(len(replicas)) for replicas in changing.values()], default=1)
    steps = []
    routes = [_to_live_replicas(route, live) for route in _routes(changing, desired)]
    for batch in range(1, number):
        part = [resource for of in changing.values() for resource in of[: math.ceil(len(of) * batch / number)]]
        why = f"replicas, part {batch} of {number}"
        steps.append(Step("replicas", why, _with_dependencies([*part, *routes], desired)))
    why = f"replicas, part {number} of {number}" if number > 1 else "replicas"
    return [*steps, Step("replicas", why, tuple(desired), alone=False)]


def _canary(
    changing: Mapping[str, Sequence[Resource]], live: Mapping[str, Instance], desired: Sequence[Resource], share: Share
) -> list[Step]:
    """One more replica of each changed service behind a route, and the routes that lead to it too."""
    routes = {
        str(route.settings["service"]): route
        for route in _routes(changing, desired)
        if not changing[str(route.settings["service"])][0].singleton
    }
    if not routes:
        _refuse_without_canary(live, desired)
        return []
    canaries = {name: canary_beside(changing[name][0]) for name in routes}
    routes_with_canary = [
        _to_live_replicas(route, live, canaries[name].address, share.percent) for name, route in routes.items()
    ]
    why = f"canary: {share.percent} % of the requests of {', '.join(routes)} for {share.seconds:g} s"
    step = Step(
        "canary",
        why,
        _with_dependencies([*canaries.values(), *routes_with_canary], desired),
        canaries={name: canary.address for name, canary in canaries.items()},
        canary_seconds=share.seconds,
    )
    return [step]


def _refuse_without_canary(live: Mapping[str, Instance], desired: Sequence[Resource]) -> None:
    """Who wants a part of the requests to try it first does not want all of them to, without a word."""
    changed = {
        str(resource.settings["service"])
        for resource in desired
        if resource.address in live and is_new_release(live[resource.address], resource)
    }
    if changed:
        raise PlanError(
            f"There can be no canary of {', '.join(sorted(changed))}: it takes a service that serves requests, has no "
            "volume, and is asked for its health at the same path before and after. Deploy it without a canary."
        )


def _to_live_replicas(route: Resource, live: Mapping[str, Instance], canary: str = "", percent: int = 0) -> Resource:
    """The route to those of its replicas that are there, of whichever release, and to a canary."""
    endpoints = route.settings["endpoints"]
    assert isinstance(endpoints, Sequence)
    live_endpoints = [end for end in endpoints if isinstance(end, Ref) and end.address in live]
    settings = {**route.settings, "endpoints": [*live_endpoints, Ref(canary, ENDPOINT)] if canary else live_endpoints}
    if canary:
        settings["weights"] = {canary: percent}
    return replace(route, settings=settings, digests={})


def _routes(services: Iterable[str], desired: Sequence[Resource]) -> list[Resource]:
    """To replicas alone: no release changes what a route to files leads to."""
    addresses = {str(Address("route", service)) for service in services}
    return [resource for resource in desired if resource.address in addresses]


def _with_dependencies(parts: Sequence[Resource], desired: Sequence[Resource]) -> tuple[Resource, ...]:
    """Resources and all that they depend on, replicas excepted: which of those a step changes it says itself."""
    available = {resource.address: resource for resource in desired if not holds_copies(resource.kind)}
    needed = {resource.address: resource for resource in parts}
    waiting = list(parts)
    while waiting:
        for address in waiting.pop().dependencies:
            if address in available and address not in needed:
                needed[address] = available[address]
                waiting.append(available[address])
    in_order = dict.fromkeys((*(resource.address for resource in desired), *(resource.address for resource in parts)))
    return tuple(needed[address] for address in in_order if address in needed)
