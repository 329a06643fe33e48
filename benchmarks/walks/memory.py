"""A walk on the memory target: the flows themselves on a virtual clock, without Prefect, a process or a wait."""

import asyncio
import shutil
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.simulate.clock import VirtualClock, VirtualLoop
from benchmarks.simulate.process import Process, current_process
from benchmarks.simulate.product import Installation, simulated
from benchmarks.simulate.properties import wrong_at_rest
from benchmarks.simulate.simulation import FLOWS
from benchmarks.simulate.target import Violation
from benchmarks.walks.properties import Failure, wrong_after_provision
from benchmarks.walks.steps import STACK, FileData, Step, spec_of, steps_of
from infra_specs.errors import PlanError, SpecError, TenfoldError, UnknownStack
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Plan
from infra_specs.stackfile.models.target import Memory
from infra_specs.stackfile.reading.load import from_data
from tasks.base.settings import Settings
from tasks.stack.preflight import Prepared, Preview, prepare
from tasks.stack.record import recorded_snapshot, snapshot_of

SOURCE = "/srv"
REFUSALS = (PlanError, SpecError, UnknownStack)


class MemoryWalks:
    """Walks one after another, each on an empty installation. All use one ledger, which compiles its queries once."""

    def __init__(self, folder: Path) -> None:
        """`folder`: a `quick_folder`."""
        self._folder, self._clock = folder, VirtualClock()
        shutil.copytree(folder / "template", folder / "walk")
        self._installation = Installation(Settings(home=folder / "walk"), self._clock)

    def walk(self, seed: int) -> Failure | None:
        """Run the walk of a seed. Returns what was wrong, or None."""
        return self.run(seed, steps_of(seed))

    def run(self, seed: int, steps: tuple[Step, ...]) -> Failure | None:
        """The same with given steps."""
        told = list[str]()
        _restore(self._installation, self._folder / "template")
        try:
            with asyncio.Runner(loop_factory=lambda: VirtualLoop(self._clock)) as runner:
                runner.run(_Walk(self._installation, self._folder / "copy", told).run(steps))
        except Violation as violation:
            return Failure(seed, str(violation), tuple(told))
        return None


def _restore(installation: Installation, folder: Path) -> None:
    """Put the content of a folder in place of that of the installation, whose ledger stays open."""
    installation.ledger.close()
    shutil.rmtree(installation.config.home)
    shutil.copytree(folder, installation.config.home)


class _Walk:
    """One walk on an installation. `told` gets a line of each step as it happens."""

    def __init__(self, installation: Installation, copy: Path, told: list[str]) -> None:
        self._installation, self._copy, self._told, self._number = installation, copy, told, 0

    async def run(self, steps: tuple[Step, ...]) -> None:
        with simulated(self._installation):
            for step in steps:
                self._told.append(str(step))
                self._told[-1] += f" -> {await self._take(step)}"
                if step.verb not in ("provision", "reconcile"):
                    await self._require_provision(step.file)

    async def _take(self, step: Step) -> str:
        """Take a step. Returns how it ended. Raises Violation for an end that no verb of a walk may have."""
        if step.verb == "edit":
            return "saved"
        if step.verb == "provision":
            return await self._provision(step.file)
        try:
            report = await self._run(step.verb, {"stack": STACK, **step.parameters})
        except REFUSALS as refusal:
            return f"refused: {refusal}"
        return str(report.summary)

    async def _require_provision(self, file: FileData) -> None:
        """Plan the file as it stands, and provision it: the stack is then what the plan said. Then undo all that."""
        expected, plan = await self._plan(file)
        with self._put_back():
            await self._provision(file)
            again, rest = await self._plan(file)
            snapshot = recorded_snapshot(self._installation.ledger, STACK)
            wrong = [
                *wrong_after_provision(expected, again),
                *([f"after {plan.summary} the plan is still {rest.summary}"] if not rest.empty else []),
                *wrong_at_rest(snapshot, self._observe()),
            ]
        if wrong:
            raise Violation("\n  ".join(wrong))

    async def _plan(self, file: FileData) -> tuple[Prepared, Plan]:
        stack = from_data(self._spec(file), "the walk's file")
        target = self._installation.target(Memory(provider="memory"))
        snapshot = snapshot_of(self._installation.ledger, stack, SOURCE)
        try:
            prepared = await prepare(Preview(self._installation.ledger, target), snapshot)
        except TenfoldError as refusal:
            raise Violation(f"no plan of the file: {refusal}") from refusal
        return prepared, make_plan(STACK, prepared.desired.resources, self._observe())

    async def _provision(self, file: FileData) -> str:
        try:
            report = await self._run("provision", {"spec": self._spec(file), "source": SOURCE})
        except TenfoldError as error:
            raise Violation(f"provision of the file: {error}") from error
        return str(report.summary)

    async def _run(self, verb: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        process = Process(self._number, verb, Random(self._number))
        self._installation.processes[process.number] = process

        async def in_process() -> Any:
            current_process.set(process)
            return await FLOWS[verb].fn.__wrapped__(**({} if verb == "reconcile" else parameters))

        try:
            return await asyncio.create_task(in_process())
        except TenfoldError:
            raise
        except Exception as error:
            raise Violation(f"a bug: {''.join(traceback.format_exception(error))}") from error
        finally:
            process.alive = False

    def _spec(self, file: FileData) -> dict[str, Any]:
        return spec_of(file, {"provider": "memory"}, "run")

    def _observe(self) -> Any:
        return self._installation.target(Memory(provider="memory")).observe(STACK)

    @contextmanager
    def _put_back(self) -> Iterator[None]:
        """At the end of the block the installation is again as it is now."""
        self._installation.ledger.close()
        shutil.copytree(self._installation.config.home, self._copy)
        try:
            yield
        finally:
            _restore(self._installation, self._copy)
            shutil.rmtree(self._copy)
