"""How well a stack is, in a word and a sentence, from what its last check and its last runs say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from infra_specs.overview.facts import ServiceFacts, StackFacts
from infra_specs.releases.selection import ReleaseState

State = Literal["well", "changing", "attention", "failing", "unknown", "down"]
ONE_OFF = "run"
"""The verb of a command beside a stack, which says nothing of the stack."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`text` is the reason: one sentence."""

    state: State
    text: str


def condition(stack: StackFacts, moment: float) -> Condition:
    """The worst that is known of a stack."""
    return next(_conditions(stack, moment), Condition("well", "All that is wanted serves."))


def _conditions(stack: StackFacts, moment: float) -> Iterator[Condition]:
    """All that can be said of it, the worst first."""
    if stack.fault:
        yield Condition("unknown", f"It cannot be read: {stack.fault}")
    if not stack.wanted:
        yield Condition("down", "It is torn down.")
    if empty := [service.name for service in stack.services if service.serving == 0 and service.wanted]:
        yield Condition("failing", f"No replica of {_names(empty)} serves.")
    for alert in stack.alerts:
        yield Condition("failing" if alert.kind in ("no_replica", "need") else "attention", alert.what)
    yield from _of_last_run(stack)
    yield from _of_services(stack.services, moment)


def _of_last_run(stack: StackFacts) -> Iterator[Condition]:
    last = next((change for change in stack.changes if change.verb != ONE_OFF), None)
    if last and last.state == "running":
        yield Condition("changing", f"{last.verb} is under way: {last.reason}.")
    if last and last.state in ("failed", "crashed"):
        yield Condition("attention", f"The last run, {last.verb}, {last.state}.")
    if stack.releases and stack.releases[0].state is ReleaseState.FAILED:
        yield Condition("attention", f"Release {stack.releases[0].number} failed.")


def _of_services(services: Sequence[ServiceFacts], moment: float) -> Iterator[Condition]:
    fewer = [service for service in services if service.serving is not None and service.serving < service.wanted]
    if fewer:
        texts = (f"{service.serving} of {service.wanted} replicas of {service.name} serve" for service in fewer)
        yield Condition("attention", f"{'; '.join(texts)}.")
    if slow := [service.name for service in services if service.is_slow]:
        yield Condition("attention", f"{_names(slow)}: slower than the file allows.")
    if unseen := [service.name for service in services if service.is_late(moment)]:
        yield Condition("unknown", f"{_names(unseen)}: not measured lately.")


def _names(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
