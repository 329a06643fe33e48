"""How often the timer looks for drift: seldom while every target tells of it by itself."""

from collections.abc import Iterable
from dataclasses import dataclass

SAFETY_SECONDS = 300.0
"""Between two looks at stacks whose targets tell: for what they cannot see, such as a volume that somebody deleted."""


@dataclass(frozen=True, slots=True)
class TimedStack:
    """One stack that is up, as far as its timer depends on it."""

    tells: bool
    """Whether its target tells at once what ended or became unwell."""
    settled: bool
    """Whether nothing of it failed lately, every copy is ready, and no release is rolled out or watched."""


def reconcile_interval(stacks: Iterable[TimedStack], usual_seconds: float, *, is_given: bool) -> float:
    """Seconds between two scheduled reconciles of `stacks`, which are all that are up.

    `usual_seconds`: the installation's interval; `is_given`: whether a person chose it, who gets exactly that. One
    stack that is not settled, or whose target does not tell, has all looked at as often as usual.
    """
    if is_given or not all(stack.tells and stack.settled for stack in stacks):
        return usual_seconds
    return max(usual_seconds, SAFETY_SECONDS)
