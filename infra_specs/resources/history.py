"""Failed instances that are history: a healthy successor serves in their place, and they are kept for their log."""

from collections.abc import Iterable

from infra_specs.resources.instance import Instance

LOG_SECONDS = 3600.0
"""How long a failed instance is kept for its log once a healthy successor serves."""


def history_among(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    """The failed instances that have a newer healthy one at their address, in the order given.

    They say nothing about the health of the stack. One that holds data is never history.
    """
    known = tuple(instances)
    return tuple(instance for instance in known if successor_of(instance, known))


def successor_of(instance: Instance, instances: Iterable[Instance]) -> Instance | None:
    """The newest healthy instance that took the place of this failed one; None if it is not history."""
    if not instance.failed or instance.stateful:
        return None
    newer = [other for other in instances if other.address == instance.address and _took_over(other, instance)]
    return max(newer, key=lambda other: other.incarnation, default=None)


def is_over(instance: Instance, instances: Iterable[Instance], moment: float) -> bool:
    """Whether a failed instance has been history for so long that its log may go.

    `moment`: seconds since the epoch. The hour begins when it had failed and its successor was healthy.
    """
    successor = successor_of(instance, instances)
    return successor is not None and moment - max(instance.health.since, successor.health.since) >= LOG_SECONDS


def _took_over(other: Instance, failed: Instance) -> bool:
    return other.incarnation > failed.incarnation and other.health.state == "healthy"
