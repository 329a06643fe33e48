"""What a proxy counts: of one service, and of each of its replicas."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counted:
    """What the proxy counted of one replica since it knows it. `errors` are answers of 500 and more, and no answer."""

    requests: int
    errors: int
    in_flight: int
    healthy: bool


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the proxy counted for one service since the proxy began; a number that fell tells of a new beginning.

    `requests` have arrived, those included that found no replica; `errors` of them ended as `Counted.errors` do,
    `in_flight` are under way now, those that wait for a replica included. `answered` requests took `seconds` together;
    the proxy may add these two up a few seconds late.
    """

    requests: int
    errors: int
    in_flight: int
    answered: int
    seconds: float
    running: float = 0.0
    """Seconds that the proxy has counted for, by its own clock. It may move in steps of a few seconds."""
    latencies: Mapping[float, int] = field(default_factory=dict)
    """Seconds -> how many of the answered took at most so long, in order. Those that took longer are in none."""
    replicas: Mapping[str, Counted] = field(default_factory=dict)
    """By the replica's `endpoint` output."""
