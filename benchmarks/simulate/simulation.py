"""One seed, from its first event to the quiet at its end."""

import asyncio
import shutil
import traceback
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.simulate.clock import VirtualClock
from benchmarks.simulate.drift import happen, heal_data
from benchmarks.simulate.events import STACK, Command, Drift, Event, Silence, target_of
from benchmarks.simulate.process import Killed, Process, current_process
from benchmarks.simulate.product import Installation, simulated
from benchmarks.simulate.properties import Shape, shape_of, wrong_at_rest
from benchmarks.simulate.record import End, kept_in, snapshot_in, wrong_differences
from benchmarks.simulate.target import SimulatedTarget, Violation
from flows.autoscale import autoscale
from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from flows.rollback import rollback
from flows.scale import scale
from flows.teardown import teardown
from infra_specs.desired import StackSnapshot
from infra_specs.errors import Fenced, LockHeld, PlanError, SpecError, TenfoldError, UnknownStack
from infra_specs.releases.manifest import apply_to
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.target import Memory
from tasks.autoscaling.scale_runs import _parameters as run_parameters
from tasks.base.settings import Settings

FLOWS: dict[str, Any] = {
    flow.name: flow for flow in (autoscale, provision, scale, deploy, rollback, reconcile, teardown)
}
REFUSALS = (PlanError, SpecError, LockHeld, UnknownStack)
PAUSE_SECONDS = 30.0
"""Longer than a lease: whoever is paused so long is taken over."""
REST_SECONDS = 7200.0
"""Between two reconciles of the quiet at the end: longer than any pause after failures."""
ROUNDS = 6
"""Reconciles after which the world must have come to rest."""


class Simulation:
    """The events of one seed on an installation of its own. `told` gets a line of each as it happens."""

    def __init__(self, seed: int, clock: VirtualClock, template: Path, home: Path, told: list[str]) -> None:
        self._clock, self._template, self._home, self._told = clock, template, home, told
        self._random = Random(f"runs of {seed}")
        self._memory = Memory.model_validate(target_of(seed))
        self._number, self._last_error = 0, ""
        self._installation = self._new("first")

    async def run(self, events: tuple[Event, ...]) -> None:
        with simulated(self._installation):
            for event in events:
                await self._happen(event)
            self._told.append("quiet")
            await self._come_to_rest()
            await self._change_once_more()
            wanted, shape = snapshot_in(self._installation.ledger), self._shape()
        if wanted and wanted.is_active:
            await self._compare_with_nothing_before(wanted, shape)

    async def _happen(self, event: Event) -> None:
        self._told.append(str(event))
        match event:
            case Silence():
                await asyncio.sleep(event.seconds)
            case Drift():
                instance = happen(self._target, event.accident, event.which, self._clock.now)
                self._told[-1] += f" ({instance})"
            case Command():
                await self._command(event)
                await self._scale_as_decided()

    async def _command(self, command: Command) -> list[End]:
        """Run a command and all that befalls it, and judge what came of it."""
        record, world, data = kept_in(self._installation.ledger), self._world(), self._data()
        runs = await self._runs(command)
        ends = [end for _, end in runs]
        self._told[-1] += f" -> {', '.join(ends)}"
        wrong = [
            *self._installation.past.violations,
            *wrong_differences(record, kept_in(self._installation.ledger), runs),
        ]
        if ends == ["refused"] and self._world() != world:
            wrong.append("a refused run changed the world")
        if not any(ran.parameters.get("delete_data") and end != "refused" for ran, end in runs):
            wrong += [f"{address}#{number} is gone, and its data" for address, number in sorted(data - self._data())]
        _raise_if(wrong)
        return ends

    async def _scale_as_decided(self) -> None:
        """Begin the runs that the scaler asked for."""
        decided, self._installation.decided[:] = list(self._installation.decided), []
        for pending in decided:
            command = Command("scale", run_parameters(pending))
            self._told.append(f"the scaler: {command}")
            await self._command(command)

    async def _runs(self, command: Command) -> list[tuple[Command, End]]:
        process, task = self._start(command)
        if command.beside is None:
            return [(command, await self._end_of(process, task))]
        if command.faults.pause_at:
            pausing = asyncio.create_task(process.paused.wait())
            await asyncio.wait({task, pausing}, return_when=asyncio.FIRST_COMPLETED)
            pausing.cancel()
            await asyncio.sleep(PAUSE_SECONDS)
        second, second_task = self._start(command.beside)
        if command.faults.pause_at:
            await asyncio.wait({second_task})
            process.woken.set()
        ends = [await self._end_of(process, task), await self._end_of(second, second_task)]
        return [(command, ends[0]), (command.beside, ends[1])]

    def _start(self, command: Command) -> tuple[Process, asyncio.Task[Any]]:
        self._number += 1
        deletes = bool(command.parameters.get("delete_data"))
        process = Process(self._number, command.verb, Random(self._random.random()), command.faults, deletes)
        self._installation.processes[process.number] = process
        function = FLOWS[command.verb].fn.__wrapped__
        if command.verb == "autoscale":
            self._installation.in_flight = command.parameters["in_flight"]
            return process, asyncio.create_task(self._in_process(process, function, {}))
        parameters = dict(command.parameters) | ({"source": "/srv"} if command.verb == "provision" else {})
        return process, asyncio.create_task(self._in_process(process, function, parameters))

    async def _in_process(self, process: Process, function: Any, parameters: dict[str, Any]) -> Any:
        current_process.set(process)
        return await function(**parameters)

    async def _end_of(self, process: Process, task: asyncio.Task[Any]) -> End:
        await asyncio.wait({task})
        process.alive, killed = False, not process.alive
        error = task.exception()
        if killed or isinstance(error, Killed):
            return "killed"
        if error is None:
            return "completed"
        if isinstance(error, Fenced):
            return "fenced"
        if isinstance(error, TenfoldError):
            self._last_error = str(error)
            return "refused" if isinstance(error, REFUSALS) else "failed"
        raise Violation(f"a bug: {''.join(traceback.format_exception(error))}")

    async def _come_to_rest(self) -> None:
        """Let no fault happen any more, let people mend what only they can, and let the timers work."""
        heal_data(self._target, self._clock.now)
        await self._mend()
        world = None
        for _ in range(ROUNDS):
            await asyncio.sleep(REST_SECONDS)
            ends = await self._command(Command("reconcile"))
            if ends == ["completed"] and self._world() == world:
                break
            world = self._world()
        else:
            raise Violation(f"the world does not come to rest: the last reconcile {ends[0]}. {self._last_error}")
        instances = self._target.observe(STACK)
        _raise_if(wrong_at_rest(snapshot_in(self._installation.ledger), instances))

    async def _change_once_more(self) -> None:
        """What is asked for now, without any fault, is done; a stack that was torn down comes back."""
        snapshot = snapshot_in(self._installation.ledger)
        if snapshot:
            spec = snapshot.stack.model_dump(mode="json", by_alias=True)
            spec["services"]["web"] |= {"command": "last", "env": {"COLOUR": "last"}}
            await self._person(Command("provision", {"spec": spec | {"budget": None}}))
            _raise_if(wrong_at_rest(snapshot_in(self._installation.ledger), self._target.observe(STACK)))

    async def _mend(self) -> None:
        """What a person does: run a teardown again that was cut off, and mend a file that can never work."""
        snapshot = snapshot_in(self._installation.ledger)
        if snapshot is None:
            return
        if not snapshot.is_active:
            await self._person(Command("teardown", {"stack": STACK, "delete_data": False}))
            return
        content = snapshot.current.content.services if snapshot.current else snapshot.stack.services
        if snapshot.healthy is None and content["web"].command == ["false"]:
            spec = snapshot.stack.model_dump(mode="json", by_alias=True)
            spec["services"]["web"]["command"], spec["budget"] = "mended", None
            await self._person(Command("provision", {"spec": spec}))

    async def _person(self, command: Command) -> None:
        self._told.append(f"a person: {command.verb}")
        if (ends := await self._command(command)) != ["completed"]:
            raise Violation(f"{command.verb} without any fault {ends[0]}. {self._last_error}")

    async def _compare_with_nothing_before(self, wanted: StackSnapshot, shape: Shape) -> None:
        """The same stack in a new installation has the same things."""
        content = wanted.current.content if wanted.current else None
        stack = apply_to(wanted.stack, content) if content else wanted.stack
        spec = stack.model_dump(mode="json", by_alias=True) | {"budget": None}
        self._installation = self._new("second")
        with simulated(self._installation):
            self._told.append("the same from nothing")
            await self._person(Command("provision", {"spec": spec}))
            bounds = size(stack).services
            for service, count in wanted.overrides.items():
                if service in bounds:
                    replicas = min(max(count, bounds[service].minimum), bounds[service].maximum)
                    await self._person(Command("scale", {"stack": STACK, "service": service, "replicas": replicas}))
            fresh = self._shape()
        if fresh != shape:
            raise Violation(f"another end than from nothing:\n   is {shape}\n   from nothing {fresh}")

    @property
    def _target(self) -> SimulatedTarget:
        return self._installation.target(self._memory)

    def _world(self) -> list[tuple[str, str, str]]:
        return [
            (str(instance), instance.fingerprint, instance.health.state) for instance in self._target.observe(STACK)
        ]

    def _data(self) -> set[tuple[str, int]]:
        return {
            (instance.address, instance.incarnation) for instance in self._target.observe(STACK) if instance.stateful
        }

    def _shape(self) -> Shape:
        return shape_of(self._target.observe(STACK))

    def _new(self, name: str) -> Installation:
        shutil.copytree(self._template, self._home / name)
        return Installation(Settings(home=self._home / name), self._clock)


def _raise_if(wrong: list[str]) -> None:
    if wrong:
        raise Violation("\n  ".join(wrong))
