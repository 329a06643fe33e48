"""How often services are checked: seldom while nothing can be scaled."""

from collections.abc import Iterable

from infra_specs.sizing.size import Sizing

IDLE_SECONDS = 60.0
"""Between two checks of which none can change a count: they only measure."""


def can_scale(sizing: Sizing, services: Iterable[str]) -> bool:
    """Whether a check could change the count of one of these services, which are those that it decides on."""
    return any(sizing.services[name].minimum < sizing.services[name].maximum for name in services)


def check_interval(can_be_scaled: Iterable[bool], usual_seconds: float, *, is_given: bool) -> float:
    """Seconds between two checks. `usual_seconds`: the installation's interval.

    `can_be_scaled`: whether a check could change a count, for each stack that is up. `is_given`: whether a person chose
    the interval, who gets exactly that.
    """
    if is_given or any(can_be_scaled):
        return usual_seconds
    return max(usual_seconds, IDLE_SECONDS)
