"""The one way to change a stack: observe → plan → apply → verify → record, under its lock."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from prefect.logging import get_run_logger

from flows.engine.apply_plan import apply_plan
from infra_specs.errors import ChangeFailed, Fenced, TenfoldError
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Plan
from infra_specs.resources.instance import Instance, links_of
from infra_specs.resources.resource import Resource
from infra_specs.resources.services import holds_copies
from tasks.base.clock import now
from tasks.changes.apply import stop_failed
from tasks.changes.artifacts import show_outcome, show_plan
from tasks.changes.observe import look
from tasks.changes.one_off import exclude_claimed
from tasks.changes.sweep import sweep, sweep_here
from tasks.run.context import RunContext, use

MAX_ROUNDS = 4
"""Rounds of apply and observe before the stack is reported as not settling."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended: its changes, and the state after them."""

    stack: str
    summary: str
    changes: tuple[str, ...]
    kept: tuple[str, ...]
    links: dict[str, str]
    sick: tuple[str, ...] = ()
    """Failed instances that are kept for their logs."""
    resting: tuple[str, ...] = ()
    """Addresses that were left alone, as a change of each had failed."""


async def converge(
    context: RunContext,
    verb: str,
    reason: str,
    desired: Iterable[Resource],
    *,
    delete_data: bool = False,
    alone: bool = False,
    kinds: Collection[str] | None = None,
    seen: tuple[Instance, ...] | None = None,
) -> Report:
    """Make the stack match the desired resources, under the lease of `context`, and verify it by observing again.

    `seen`: the instances observed under this lease, if nothing changed since. `alone`: instances of other addresses are
    left as they are. `kinds`: so are instances of other kinds. A claimed one-off is left alone too, except by a
    teardown. Leftovers are swept after all changes. A reconcile without changes is not recorded. Raises ChangeFailed
    when a change fails or the stack does not settle; finished changes stay, and no further change starts; in a repair
    all that needs no failed one does.
    """
    resources = tuple(desired)
    with use(context):
        goal = _Goal(context, resources, delete_data, alone, kinds, keeps_claimed=verb != "teardown")
        instances = await goal.look(seen)
        plan = goal.plan(instances)
        get_run_logger().info("Plan: %s", plan.summary)
        if plan.empty and verb == "reconcile":
            return await _settle(plan, goal, instances)
        context.run_id = await asyncio.to_thread(context.ledger.runs.begin, context.lease, verb, reason, plan.data())
        shown = asyncio.create_task(show_plan(plan))
        try:
            report = await _settle(plan, goal, instances)
        except TenfoldError as error:
            await _finish(context, "failed", str(error))
            raise
        else:
            await _finish(context, "done", report.summary)
            await show_outcome(context.stack, report.summary, report.changes, report.kept, report.links)
            return report
        finally:
            await shown


@dataclass(frozen=True, slots=True)
class _Goal:
    context: RunContext
    resources: tuple[Resource, ...]
    delete_data: bool
    alone: bool
    kinds: Collection[str] | None
    keeps_claimed: bool

    async def look(self, seen: tuple[Instance, ...] | None = None) -> tuple[Instance, ...]:
        instances = await look(self.context) if seen is None else seen
        return (
            await asyncio.to_thread(exclude_claimed, self.context.ledger, instances)
            if self.keeps_claimed
            else instances
        )

    async def look_and_tidy(self) -> tuple[Instance, ...]:
        """Observe and sweep concurrently. Both have ended when this returns or raises."""
        instances, tidied = await asyncio.gather(self.look(), self.tidy(), return_exceptions=True)
        for result in (tidied, instances):
            if isinstance(result, BaseException):
                raise result
        assert isinstance(instances, tuple)
        return instances

    async def tidy(self) -> None:
        """Sweep leftovers. A failure is left for the next run, except in a teardown, which must leave nothing."""
        if not self.keeps_claimed:
            return await sweep_here()
        try:
            await sweep(self.context)
        except Fenced:
            raise
        except TenfoldError as error:
            get_run_logger().warning("Left for the next run: %s", error)

    async def silence(self, instances: tuple[Instance, ...]) -> None:
        """Stop failed replicas that already have a replacement; a killed run may have left them running."""
        for instance in self._named(instances):
            sick = instance.failed and holds_copies(instance.kind)
            if sick and (note := await stop_failed(self.context, instance, instance.health.reason)):
                get_run_logger().warning("%s failed. %s", instance, note.strip())

    def plan(self, instances: tuple[Instance, ...]) -> Plan:
        named = self._named(instances)
        return make_plan(
            self.context.stack, self.resources, named,
            delete_data=self.delete_data, shelves=self.context.shelves, moment=now(), resting=self.context.resting,
        )  # fmt: skip

    def _named(self, instances: tuple[Instance, ...]) -> tuple[Instance, ...]:
        if self.kinds is not None:
            instances = tuple(instance for instance in instances if instance.kind in self.kinds)
        named = {instance.address for instance in self.resources}
        return tuple(instance for instance in instances if instance.address in named) if self.alone else instances


async def _settle(first: Plan, goal: _Goal, instances: tuple[Instance, ...]) -> Report:
    """Apply the plan, observe, and plan again, until the plan is empty.

    In a repair an address that fails rests from then on, and the rest is gone on with; all failures are raised at the
    end as one ChangeFailed.
    """
    plan, done, failures = first, list[str](), list[str]()
    if plan.empty:
        await goal.tidy()
    for _ in range(MAX_ROUNDS):
        if plan.empty:
            break
        goal.context.instances.update(plan.sources)
        applied = await apply_plan(plan, goes_on=goal.context.repairs)
        done += applied.done
        failures += map(str, applied.failed.values())
        goal.context.resting |= applied.failed.keys()
        instances = await goal.look_and_tidy()
        plan = goal.plan(instances)
    if plan.empty:
        await goal.silence(instances)
    if failures:
        raise ChangeFailed("\n\n".join(failures))
    if plan.empty:
        return _report(first, plan, tuple(done), instances, goal.context.resting)
    raise ChangeFailed(
        f"{plan.stack} does not settle: after {MAX_ROUNDS} rounds there is still {plan.summary}. "
        "Something outside changes it, or it fails again and again: look at tenfold status and tenfold logs."
    )


async def _finish(context: RunContext, state: Literal["done", "failed"], message: str) -> None:
    try:
        await asyncio.to_thread(context.ledger.runs.finish, context.lease, context.run_id, state, message)
    except Fenced:
        if state == "done":
            raise


def _report(
    first: Plan, last: Plan, done: tuple[str, ...], instances: tuple[Instance, ...], resting: Collection[str]
) -> Report:
    sick = tuple(str(instance) for instance in instances if instance.failed)
    resting = tuple(item.address for item in last.skipped if item.address in resting)
    return Report(first.stack, first.done, done, tuple(map(str, last.skipped)), links_of(instances), sick, resting)
