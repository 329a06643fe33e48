"""How many replicas a service needs today, and how many it is designed for."""

import math
from dataclasses import dataclass, replace

from infra_specs.stackfile.models.service import Service

TARGET_UTILISATION = 0.7
"""The part of a replica's capacity that is planned with; the rest takes what arrives by chance."""


@dataclass(frozen=True, slots=True)
class ServiceSize:
    """The replicas of one service: `today` and `design` from its demand, `minimum` and `maximum` for the scaler."""

    demand: float
    """Requests in flight at today's peak."""
    today: int
    design: int
    minimum: int
    maximum: int
    arithmetic: tuple[str, ...]
    stops: bool = False
    """That it may have none, whatever its minimum: ended because the month's budget is gone."""

    @property
    def replicas(self) -> int:
        """What provision starts with: today's need within the bounds."""
        return self.within(self.today)

    def within(self, count: int) -> int:
        """`count`, moved to the nearest that the bounds allow; none is none where the service may be stopped."""
        if not count and self.stops:
            return 0
        return max(self.minimum, min(count, self.maximum))


def replicas_for(demand: float, capacity: float) -> int:
    """ceil(demand / (capacity x target utilisation)), and at least 1; a float's last bit adds no replica."""
    return max(1, math.ceil(demand / (capacity * TARGET_UTILISATION) - 1e-9))


def size_service(name: str, service: Service, in_flight: float, headroom: float) -> ServiceSize:
    """Size a service for its share of `in_flight`, and for `headroom` times as much. A worker has no demand."""
    bounds, scaling = service.bounds, service.scaling
    stops = scaling.over_budget == "stop" and scaling.mode == "act"
    if service.port is None:
        maximum = bounds.max if bounds.max is not None else max(bounds.min, 1)
        line = f"{name}: a worker, {bounds.min} wanted"
        return ServiceSize(0.0, bounds.min, maximum, bounds.min, maximum, (line,), stops)
    demand = in_flight * service.share
    today, design = replicas_for(demand, service.capacity), replicas_for(demand * headroom, service.capacity)
    maximum = bounds.max if bounds.max is not None else max(design, bounds.min)
    per_replica = f"({service.capacity:g} x {TARGET_UTILISATION:g})"
    share = "" if service.share == 1 else f" x share {service.share:g}"
    lines = (
        f"{name}: {in_flight:.4g} in flight{share} / {per_replica} = {_count(today)} today",
        f"{name}: {headroom:g} x {demand:.4g} in flight / {per_replica} = {_count(design)} at the design capacity",
    )
    size = ServiceSize(demand, today, design, bounds.min, maximum, lines, stops)
    if size.replicas != today:
        bound = f"at least {size.minimum}" if size.replicas > today else f"at most {size.maximum}"
        why = "it has volumes, so" if service.volumes else "the file says"
        return replace(size, arithmetic=(*lines, f"{name}: {why} {bound}"))
    return size


def _count(replicas: int) -> str:
    return f"{replicas} replica{'s' if replicas != 1 else ''}"
