"""Whether targets have room for what would grow: asked at most once a check, and only when something would."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from infra_specs.advice.rightsizing import Use
from infra_specs.resources.address import is_of_service
from infra_specs.scaling.node_capacity import FreeMemory, room
from infra_specs.scaling.scaling_input import Situation
from infra_specs.stackfile.models.target import Docker, Target
from tasks.autoscaling.scaled_stack import Subject
from tasks.base.settings import settings
from tasks.base.side_by_side import side_by_side
from tasks.providers import opened
from tasks.providers.base import HasRoom, Uses

T = TypeVar("T")
room_seconds = 3.0


@dataclass
class Rooms:
    """What targets have free at one check, less what decisions of this check have claimed."""

    seconds: float = room_seconds
    """How long all questions of this check may take together."""
    _free: dict[tuple[str, str], FreeMemory | None] = field(default_factory=dict)
    _uses: dict[str, Mapping[str, Use]] = field(default_factory=dict)
    _spent: float = 0.0

    def limited(self, subject: Subject, situation: Situation) -> Situation:
        """The situation with what its target has room for; as it was if that is not known. Blocks."""
        if (memory := self._memory(subject)) is None:
            return situation
        each = self._each(subject, situation.service)
        found = room(situation.wanted, situation.starting, each, memory)
        return replace(situation, room=found.replicas, room_because=found.because) if found else situation

    def claim(self, subject: Subject, service: str, replicas: int) -> None:
        """So many more were decided: the next that grows there finds less."""
        memory = self._memory(subject)
        if memory is not None and (each := self._each(subject, service)):
            self._free[_place(subject.stack.target)] = memory.without(replicas * each)

    def _memory(self, subject: Subject) -> FreeMemory | None:
        def free_memory() -> FreeMemory | None:
            with opened(subject.stack.target, settings().home) as target:
                return target.free_memory() if isinstance(target, HasRoom) else None

        if (name := _place(subject.stack.target)) not in self._free:
            self._free[name] = self._answer(subject, free_memory)
        return self._free[name]

    def _each(self, subject: Subject, service: str) -> int | None:
        """Bytes that one replica takes: what it may take, or else what the one that takes most is measured to take."""
        if limit := subject.stack.services[service].memory:
            return limit
        taken = [use.memory for address, use in self._used(subject).items() if is_of_service(address, service)]
        return max((one for one in taken if one is not None), default=None)

    def _used(self, subject: Subject) -> Mapping[str, Use]:
        def uses() -> Mapping[str, Use]:
            with opened(subject.stack.target, settings().home) as target:
                return target.uses(subject.stack.name) if isinstance(target, Uses) else {}

        if (name := subject.stack.name) not in self._uses:
            self._uses[name] = self._answer(subject, uses) or {}
        return self._uses[name]

    def _answer(self, subject: Subject, question: Callable[[], T]) -> T | None:
        """What a target says of a stack; None for one that does not answer while there is time left for questions."""
        left = self.seconds - self._spent
        if left <= 0:
            return None
        began = time.monotonic()
        answers, _ = side_by_side({subject.stack.name: question}, left)
        self._spent += time.monotonic() - began
        return answers.get(subject.stack.name)


def _place(target: Target) -> tuple[str, str]:
    """Where its things run, whatever else a stack says of it: stacks with ports of their own share one memory."""
    return target.provider, (target.host or "") if isinstance(target, Docker) else ""
