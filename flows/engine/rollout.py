"""Roll out a release step by step, or restore the last proven one."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from prefect.logging import get_run_logger

from flows.engine.converge import Report, converge
from flows.engine.watch import begin_watch, release_before
from infra_specs.desired import DesiredStack, StackSnapshot, StoredRelease, release_jobs
from infra_specs.errors import TenfoldError
from infra_specs.releases.rollout import STAGES, Share, Step, rollout
from infra_specs.releases.selection import ReleaseState
from infra_specs.resources.instance import Instance
from tasks.changes.canary import watch_canary
from tasks.changes.observe import observe
from tasks.run.context import RunContext, use


async def roll_out(
    context: RunContext,
    snapshot: StackSnapshot,
    reason: str,
    release: StoredRelease,
    desired: DesiredStack,
    *,
    verb: str = "",
    share: Share | None = None,
) -> Report:
    """Make the stack what `wished` says, with this release, and prove it. Which steps it takes: `rollout`.

    `verb`: the verb of this run, if another verb began the release. Raises the errors of `converge`; finished changes
    stay.
    """
    with use(context):
        instances = await observe(context.stack)
    before = await release_before(context, snapshot, release.content, instances)
    jobs = release_jobs(snapshot, desired, release)
    steps = rollout(instances, desired.resources, jobs=jobs, share=share, passed=release.passed)
    reports = list[Report]()
    for number, step in enumerate(steps):
        step_reason = f"{reason} ({step.why})" if len(steps) > 1 else reason
        reports.append(await _take(context, verb or release.verb, step_reason, step, None if number else instances))
        if number + 1 < len(steps) and steps[number + 1].stage != step.stage:
            passed = STAGES.index(step.stage) + 1
            await asyncio.to_thread(context.ledger.releases.pass_stages, context.lease, release.number, passed)
    watch = await begin_watch(context, before)
    await asyncio.to_thread(context.ledger.releases.prove, context.lease, release.number, watch)
    with suppress(TenfoldError):  # the release is proven: a failed look-up must not undo it
        for warning in await asyncio.to_thread(context.provider.exposed, context.stack):
            get_run_logger().warning("%s", warning)
    return _together(reports)


async def restore_healthy(
    context: RunContext, snapshot: StackSnapshot, verb: str, reason: str, desired: DesiredStack
) -> Report:
    """Restore the last proven release; while no release is proven, roll out the newest.

    A newer release that is not proven is rolled back.
    """
    active, proven = snapshot.releases, snapshot.healthy
    if proven is None and active:
        return await roll_out(context, snapshot, reason, active[0], desired, verb=verb)
    unproven = active[0] if proven and active[0].state in (ReleaseState.ROLLING_OUT, ReleaseState.FAILED) else None
    if unproven:
        failed = unproven.message if unproven.watch else f"{unproven} was not proven"
        reason = f"{failed.rstrip('.')}: back to {proven}"
    report = await converge(context, verb, reason, desired.resources)
    if proven and unproven:
        await asyncio.to_thread(context.ledger.releases.prove, context.lease, proven.number)
    return report


async def _take(context: RunContext, verb: str, reason: str, step: Step, seen: tuple[Instance, ...] | None) -> Report:
    report = await converge(context, verb, reason, step.resources, alone=step.alone, seen=seen)
    if step.canaries:
        with use(context):
            watches = (
                watch_canary(service, address, step.canary_seconds) for service, address in step.canaries.items()
            )
            for outcome in await asyncio.gather(*watches):
                get_run_logger().info("%s", outcome)
    return report


def _together(reports: list[Report]) -> Report:
    changes = tuple(change for report in reports for change in report.changes)
    return replace(reports[-1], summary="; then ".join(report.summary for report in reports), changes=changes)
