"""The free memory of targets: queried at most once a check, and only when a service would grow."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from infra_specs.advice.rightsizing import Usage
from infra_specs.resources.services import service_of
from infra_specs.scaling.node_capacity import FreeMemory, after_placing, replicas_that_fit
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.stackfile.models.target import Swarm, Target
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.base.settings import settings
from tasks.base.side_by_side import side_by_side
from tasks.providers import opened

T = TypeVar("T")
FREE_MEMORY_SECONDS = 3.0


@dataclass
class NodeMemory:
    """Free memory of targets at one check, less the memory that decisions of this check have claimed."""

    seconds: float = FREE_MEMORY_SECONDS
    """Seconds that all queries of this check may take together."""
    _free: dict[tuple[str, str], Mapping[str, FreeMemory]] = field(default_factory=dict)
    _uses: dict[str, Mapping[str, Usage]] = field(default_factory=dict)
    _spent: float = 0.0

    def limit_by_memory(self, scaled: ScaledStack, scaling_input: ScalingInput) -> ScalingInput:
        """The scaling input, limited to the replicas that fit its target; unchanged if that is unknown. Blocks."""
        if not (machines := self._machines(scaled)):
            return scaling_input
        replica_bytes = self._replica_bytes(scaled, scaling_input.service)
        fit = replicas_that_fit(scaling_input.wanted, scaling_input.starting, replica_bytes, machines)
        if fit is None:
            return scaling_input
        per_host = fit.per_machine if isinstance(scaled.stack.target, Swarm) else 0
        return replace(scaling_input, room=fit.replicas, room_because=fit.because, room_per_host=per_host)

    def claim(self, scaled: ScaledStack, service: str, replicas: int) -> None:
        """Reserve memory for additional replicas, so that the next decision on this target finds less."""
        machines = self._machines(scaled)
        if machines and (replica_bytes := self._replica_bytes(scaled, service)):
            self._free[_node(scaled.stack.target)] = after_placing(replicas, replica_bytes, machines)

    def _machines(self, scaled: ScaledStack) -> Mapping[str, FreeMemory]:
        """The free memory of each machine of the stack's target; empty if that is unknown."""

        def free_memory() -> Mapping[str, FreeMemory]:
            with opened(scaled.stack.target, settings().home) as target:
                return target.host.free_memory() if target.host else {}

        if (name := _node(scaled.stack.target)) not in self._free:
            self._free[name] = self._ask(scaled, free_memory) or {}
        return self._free[name]

    def _replica_bytes(self, scaled: ScaledStack, service: str) -> int | None:
        """Bytes of one replica: its limit, or else the highest measured usage."""
        if limit := scaled.stack.services[service].memory:
            return limit
        measured = [usage.memory for address, usage in self._usage(scaled).items() if service_of(address) == service]
        return max((size for size in measured if size is not None), default=None)

    def _usage(self, scaled: ScaledStack) -> Mapping[str, Usage]:
        def uses() -> Mapping[str, Usage]:
            with opened(scaled.stack.target, settings().home) as target:
                return target.host.uses(scaled.stack.name) if target.host else {}

        if (name := scaled.stack.name) not in self._uses:
            self._uses[name] = self._ask(scaled, uses) or {}
        return self._uses[name]

    def _ask(self, scaled: ScaledStack, question: Callable[[], T]) -> T | None:
        """The answer of a stack's target; None if it does not answer within the time that is left."""
        left = self.seconds - self._spent
        if left <= 0:
            return None
        began = time.monotonic()
        answers, _ = side_by_side({scaled.stack.name: question}, left)
        self._spent += time.monotonic() - began
        return answers.get(scaled.stack.name)


def _node(target: Target) -> tuple[str, str]:
    """The machine of a target: stacks on the same machine share its memory."""
    return target.provider, target.machine
