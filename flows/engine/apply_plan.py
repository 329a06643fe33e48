"""Apply a plan: each change starts as soon as its dependencies are done."""

import asyncio
from collections.abc import Iterable

from prefect.logging import get_run_logger

from infra_specs.errors import ChangeFailed, Fenced, TenfoldError
from infra_specs.plan.plan import Change, Plan
from infra_specs.plan.waves import waits_for
from tasks.changes.apply import apply
from tasks.changes.overtaken import Overtaken


async def apply_plan(plan: Plan) -> tuple[str, ...]:
    """Apply every change of a plan. Returns them as sentences, in order of completion.

    After a failure no further change starts. Running changes are waited for, then all failures are raised as one
    ChangeFailed. Fenced is raised as it is: another run goes on. A change that was overtaken ends the plan as a failure
    does, and is none: the caller looks again and plans anew.
    """
    return await _Doing(plan).to_the_end()


class _Doing:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._log = get_run_logger()
        self._done: list[str] = []
        self._failed: list[BaseException] = []

    async def to_the_end(self) -> tuple[str, ...]:
        by_address: dict[str, list[asyncio.Task[None]]] = {}
        earlier: list[asyncio.Task[None]] = []
        for number, wave in enumerate(self._plan.waves, 1):
            name = f"wave {number} of {len(self._plan.waves)}"
            all_of_them = asyncio.create_task(_ended(tuple(earlier)))
            tasks_of_wave = []
            for change in wave:
                needed = waits_for(change)
                tasks = None if needed is None else [task for address in needed for task in by_address.get(address, ())]
                before = all_of_them if tasks is None else asyncio.create_task(_ended(tasks))
                tasks_of_wave.append((change, asyncio.create_task(self._do(change, name, before))))
            for change, task in tasks_of_wave:
                by_address.setdefault(change.address, []).append(task)
                earlier.append(task)
        await _ended(earlier)
        self._raise_what_failed()
        return tuple(self._done)

    async def _do(self, change: Change, wave: str, before: asyncio.Task[None]) -> None:
        await before
        if self._failed:
            return
        try:
            outcome = await apply(change)
        except Overtaken as error:
            self._failed.append(error)
            self._log.warning("%s is given up: %s [%s]", change, error, wave)
            return
        except BaseException as error:  # after any error, no further change may start
            self._failed.append(error)
            self._log.error("%s failed [%s]", change, wave)
            return
        self._done.append(str(change))
        self._log.info("%s, %.2f s [%s]", outcome.change, outcome.seconds, wave)

    def _raise_what_failed(self) -> None:
        failed = [error for error in self._failed if not isinstance(error, Overtaken)]
        for error in failed:
            if isinstance(error, Fenced) or not isinstance(error, TenfoldError):
                raise error
        if failed:
            raise ChangeFailed("\n\n".join(str(error) for error in failed))


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    if waited := list(tasks):
        await asyncio.wait(waited)
