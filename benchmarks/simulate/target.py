"""The memory target as simulated runs meet it: each effect passes its process, and is judged as it happens."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmarks.simulate.process import Process, current_process
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from infra_specs.stackfile.models.target import Memory
from tasks.providers.memory import MemoryProvider
from tasks.providers.memory.world import World

T = TypeVar("T")
PAST = 6
"""Observations that may be given as an answer from the past."""


class Violation(AssertionError):
    """The product did what it must never do."""


class Past:
    """What each stack looked like of late, and what effects were wrong as they happened."""

    def __init__(self, holds_lock: Callable[[Process, str], bool]) -> None:
        self._observed: dict[str, list[tuple[Instance, ...]]] = {}
        self.violations: list[str] = []
        self.holds_lock = holds_lock

    def keep(self, stack: str, instances: tuple[Instance, ...]) -> None:
        seen = self._observed.setdefault(stack, [])
        if not seen or seen[-1] != instances:
            seen.append(instances)
            del seen[:-PAST]

    def earlier(self, stack: str, process: Process) -> tuple[Instance, ...]:
        return process.random.choice(self._observed.get(stack) or [()])


class SimulatedTarget(MemoryProvider):
    """A memory target whose answers may be lost or late. Kept apart from what a person does to its world."""

    def __init__(self, home: Path, target: Memory, past: Past) -> None:
        super().__init__(home, target)
        self._past = past

    @property
    def world(self) -> World:
        """Where things change by themselves."""
        return self._world

    def observe(self, stack: str) -> tuple[Instance, ...]:
        process = current_process.get()
        instances = super().observe(stack)
        if process is None:
            return instances
        process.require_alive()
        if process.is_stale():
            return self._past.earlier(stack, process)
        self._past.keep(stack, instances)
        return instances

    def create(self, resource: Resource) -> Instance:
        return self._effect(
            resource.stack, f"create {resource.address}", lambda: super(SimulatedTarget, self).create(resource)
        )

    def update(self, instance: Instance, resource: Resource) -> Instance:
        return self._effect(
            instance.stack, f"update {instance}", lambda: super(SimulatedTarget, self).update(instance, resource)
        )

    def destroy(self, instance: Instance) -> Instance | None:
        process = current_process.get()
        if instance.stateful and process and not process.deletes_data:
            self._past.violations.append(f"{process.verb} destroys {instance}, where data lives")
        return self._effect(
            instance.stack, f"destroy {instance}", lambda: super(SimulatedTarget, self).destroy(instance)
        )

    def stop(self, instance: Instance, why: str) -> None:
        self._effect(instance.stack, f"stop {instance}", lambda: super(SimulatedTarget, self).stop(instance, why))

    def _effect(self, stack: str, what: str, call: Callable[[], T]) -> T:
        process = current_process.get()
        if process is None:
            return call()
        process.begin_effect()
        if not self._past.holds_lock(process, stack):
            self._past.violations.append(f"{process.verb} {process.number}: {what} after another run took the lock")
        self._past.keep(stack, super().observe(stack))
        result = call()
        process.end_effect()
        return result
