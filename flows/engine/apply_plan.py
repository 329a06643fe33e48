"""Apply a plan: each change starts as soon as its dependencies are done."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prefect.logging import get_run_logger

from infra_specs.errors import ChangeFailed, Fenced, TenfoldError
from infra_specs.plan.plan import Change, Plan
from infra_specs.plan.waves import waits_for
from tasks.changes.apply import apply
from tasks.changes.overtaken import Overtaken


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a plan: the finished changes as sentences, in order of completion, and the failures by address."""

    done: tuple[str, ...]
    failed: Mapping[str, TenfoldError]


async def apply_plan(plan: Plan, *, goes_on: bool = False) -> Applied:
    """Apply every change of a plan.

    After a failure no further change starts. Running changes are waited for, then all failures are raised as one
    ChangeFailed. With `goes_on` failures are returned, and what needs no failed change is built all the same; nothing
    is destroyed after one. Fenced is raised as it is: another run goes on. A change that was overtaken counts as a
    failure for others, and is none: the caller looks again and plans anew.
    """
    return await _Doing(plan, goes_on=goes_on).to_the_end()


class _Doing:
    def __init__(self, plan: Plan, *, goes_on: bool) -> None:
        self._plan = plan
        self._goes_on = goes_on
        self._log = get_run_logger()
        self._done: list[str] = []
        self._failed: list[tuple[str, BaseException]] = []
        self._unfinished: set[str] = set()
        """Addresses of changes that failed, or did not start for that."""

    async def to_the_end(self) -> Applied:
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
        return Applied(tuple(self._done), self._failures())

    async def _do(self, change: Change, wave: str, before: asyncio.Task[None]) -> None:
        await before
        if not self._may_start(change):
            self._unfinished.add(change.address)
            return
        try:
            outcome = await apply(change)
        except Overtaken as error:
            self._fail(change, error)
            self._log.warning("%s is given up: %s [%s]", change, error, wave)
            return
        except BaseException as error:  # whatever it is, others must know of it
            self._fail(change, error)
            self._log.error("%s failed [%s]", change, wave)
            return
        self._done.append(str(change))
        self._log.info("%s, %.2f s [%s]", outcome.change, outcome.seconds, wave)

    def _fail(self, change: Change, error: BaseException) -> None:
        self._failed.append((change.address, error))
        self._unfinished.add(change.address)

    def _may_start(self, change: Change) -> bool:
        if not self._failed:
            return True
        needed = waits_for(change)
        if not self._goes_on or needed is None or any(_ends_the_run(error) for _, error in self._failed):
            return False
        return self._unfinished.isdisjoint(needed)

    def _failures(self) -> dict[str, TenfoldError]:
        """By address. Raises what ends the run, and all of them unless it goes on."""
        failed = dict[str, TenfoldError]()
        for address, error in self._failed:
            if _ends_the_run(error):
                raise error
            if isinstance(error, TenfoldError) and not isinstance(error, Overtaken):
                failed[address] = error
        if failed and not self._goes_on:
            raise ChangeFailed("\n\n".join(map(str, failed.values())))
        return failed


def _ends_the_run(error: BaseException) -> bool:
    return isinstance(error, Fenced) or not isinstance(error, TenfoldError)


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    if waited := list(tasks):
        await asyncio.wait(waited)
