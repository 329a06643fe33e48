"""How long parts of a stack usually take to be made on AWS. All of it is from memory: no emulator shows it."""

from collections.abc import Iterable, Mapping, Sequence

from infra_specs.resources.resource import Resource

_SECONDS: Mapping[str, int] = {
    "network": 30, "logs": 5, "role": 15, "secret": 5, "proxy": 180, "database": 480, "cache": 480, "service": 90,
    "route": 5, "job": 60,
}  # fmt: skip
_SECONDS_WITH_NAT, _SECONDS_IN_TWO_ZONES = 120, 780


def usual_seconds(resource: Resource) -> int | None:
    """Seconds from its creation until it is healthy; None for a kind of which nothing is known."""
    if resource.kind == "network" and resource.settings.get("nat") != "none":
        return _SECONDS_WITH_NAT
    if resource.kind == "database" and resource.settings.get("zones") != 1:
        return _SECONDS_IN_TWO_ZONES
    return _SECONDS.get(resource.kind)


def whole_seconds(waves: Iterable[Sequence[Resource]]) -> int:
    """Seconds for waves of resources one after another, of which each takes as long as its slowest."""
    return sum(max((usual_seconds(resource) or 0 for resource in wave), default=0) for wave in waves)
