"""The only way anything changes: lock → observe → plan → apply → verify → record."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from prefect.logging import get_run_logger

from flows.engine.apply_plan import apply_plan
from infra_specs.errors import ChangeFailed, Fenced, TenfoldError
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Plan
from infra_specs.resources.instance import Instance, links_of
from infra_specs.resources.resource import Resource
from tasks.changes.apply import stop_failed
from tasks.changes.artifacts import show_outcome, show_plan
from tasks.changes.observe import observe
from tasks.changes.one_off import unclaimed
from tasks.changes.sweep import sweep, sweep_here
from tasks.run.context import Site, at

looks = 4
"""How often it looks again for what has moved meanwhile before it says that the stack does not settle."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended: what it did, and what is there now."""

    stack: str
    summary: str
    changes: tuple[str, ...]
    kept: tuple[str, ...]
    links: dict[str, str]
    sick: tuple[str, ...] = ()
    """Instances that failed and are kept for their logs."""


async def converge(
    site: Site,
    verb: str,
    reason: str,
    desired: Iterable[Resource],
    *,
    delete_data: bool = False,
    alone: bool = False,
    seen: tuple[Instance, ...] | None = None,
) -> Report:
    """Make what is there what is desired, under the lock that `site` holds, and prove it by looking again.

    `seen` is what was observed under this lock, if nothing changed since. `alone`: what is not named is left as it is,
    healthy or not. So is a one-off command that somebody waits for, but by a teardown. Raises ChangeFailed when a
    change fails (what was finished stands, no further wave starts) or when the stack does not settle. What is left and
    no plan names is swept once every change is done. Nothing is recorded of a reconcile that finds nothing to do.
    """
    wanted = tuple(desired)
    with at(site):
        goal = _Goal(site, wanted, delete_data, alone, spares=verb != "teardown")
        there = await goal.look(seen)
        plan = goal.plan(there)
        get_run_logger().info("Plan: %s", plan.summary)
        if plan.empty and verb == "reconcile":
            return await _settle(plan, goal, there)
        site.run = await asyncio.to_thread(site.ledger.begin, site.hold, verb, reason, plan.data())
        shown = asyncio.create_task(show_plan(plan))
        try:
            report = await _settle(plan, goal, there)
        except TenfoldError as error:
            await _finish(site, "failed", str(error))
            raise
        else:
            await _finish(site, "done", report.summary)
            await show_outcome(site.stack, report.summary, report.changes, report.kept, report.links)
            return report
        finally:
            await shown


@dataclass(frozen=True, slots=True)
class _Goal:
    site: Site
    wanted: tuple[Resource, ...]
    delete_data: bool
    alone: bool
    spares: bool

    async def look(self, seen: tuple[Instance, ...] | None = None) -> tuple[Instance, ...]:
        there = await observe(self.site.stack) if seen is None else seen
        return await asyncio.to_thread(unclaimed, self.site.ledger, there) if self.spares else there

    async def look_and_tidy(self) -> tuple[Instance, ...]:
        """Both at once, and neither goes on when this has ended."""
        there, tidied = await asyncio.gather(self.look(), self.tidy(), return_exceptions=True)
        for each in (tidied, there):
            if isinstance(each, BaseException):
                raise each
        assert isinstance(there, tuple)
        return there

    async def tidy(self) -> None:
        """What cannot be taken away now stays for the next run, except that a teardown leaves nothing."""
        if not self.spares:
            return await sweep_here()
        try:
            await sweep(self.site)
        except Fenced:
            raise
        except TenfoldError as error:
            get_run_logger().warning("Left for the next run: %s", error)

    async def silence(self, there: tuple[Instance, ...]) -> None:
        """What failed and has a successor is at its work no more; a run that was killed may have left it there."""
        for one in self._named(there):
            sick = one.failed and one.kind == "replica"
            if sick and (said := await stop_failed(self.site, one, one.health.reason)):
                get_run_logger().warning("%s failed. %s", one, said.strip())

    def plan(self, there: tuple[Instance, ...]) -> Plan:
        return make_plan(self.site.stack, self.wanted, self._named(there), delete_data=self.delete_data)

    def _named(self, there: tuple[Instance, ...]) -> tuple[Instance, ...]:
        named = {one.address for one in self.wanted}
        return tuple(one for one in there if one.address in named) if self.alone else there


async def _settle(first: Plan, goal: _Goal, there: tuple[Instance, ...]) -> Report:
    """Apply, look again, and apply what has moved meanwhile, until there is nothing left to do."""
    plan, done = first, list[str]()
    if plan.empty:
        await goal.tidy()
    for _ in range(looks):
        if plan.empty:
            break
        done += await apply_plan(plan)
        there = await goal.look_and_tidy()
        plan = goal.plan(there)
    if plan.empty:
        await goal.silence(there)
        return _report(first, plan, tuple(done), there)
    raise ChangeFailed(
        f"{plan.stack} does not settle: after {looks} rounds there is still {plan.summary}. "
        "Something outside changes it, or it fails again and again: look at tenfold status and tenfold logs."
    )


async def _finish(site: Site, state: Literal["done", "failed"], message: str) -> None:
    try:
        await asyncio.to_thread(site.ledger.finish, site.hold, site.run, state, message)
    except Fenced:
        if state == "done":
            raise


def _report(first: Plan, last: Plan, done: tuple[str, ...], there: tuple[Instance, ...]) -> Report:
    sick = tuple(str(one) for one in there if one.failed)
    return Report(first.stack, first.done, done, tuple(map(str, last.kept)), links_of(there), sick)
