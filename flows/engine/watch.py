"""Watch a release after it took over, from one reconcile to the next: nobody waits, and no lock is held meanwhile.

What it is compared with is recorded with the release, so whichever run comes next goes on. One that does clearly worse
is marked as failed, and undone on the road on which every bad release is.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from prefect.logging import get_run_logger

from infra_specs.desired import StackSnapshot
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.selection import ReleaseState
from infra_specs.releases.watch import Before, Watch, before_release, begun, judge_release, watched_services
from infra_specs.resources.instance import Instance
from tasks.base.clock import now
from tasks.changes.observe import look
from tasks.changes.release_counts import release_counts
from tasks.run.context import RunContext, use
from tasks.stack.record import recorded_snapshot


async def release_before(
    context: RunContext, snapshot: StackSnapshot, content: ReleaseManifest, observed: tuple[Instance, ...]
) -> Mapping[str, Before]:
    """What a release with this content is compared with later, as long as that still runs; nothing without one."""
    if snapshot.healthy is None:
        return {}
    seconds = watched_services(snapshot.healthy.content, content)
    if not seconds:
        return {}
    return before_release(seconds, observed, await asyncio.to_thread(release_counts, context))


async def begin_watch(context: RunContext, before: Mapping[str, Before]) -> Watch | None:
    """The watch of a release that has just taken over; None if nothing of it is watched."""
    if not before:
        return None
    return begun(before, await asyncio.to_thread(release_counts, context), now())


async def judge_watched(context: RunContext, snapshot: StackSnapshot) -> StackSnapshot:
    """Judge the release that serves, if it is watched. Returns the snapshot as it is then: a bad one has failed."""
    release = snapshot.current
    if release is None or release.state is not ReleaseState.HEALTHY or release.watch is None or release.watch.verdict:
        return snapshot
    watch, ledger = release.watch, context.ledger
    with use(context):
        observed = await look(context)
    over = now() >= watch.until
    verdict = judge_release(watch, observed, await asyncio.to_thread(release_counts, context))
    if verdict.state == "worse":
        reason = f"{release} did clearly worse than the one before it. {verdict.reason}."
        get_run_logger().warning("%s It is undone.", reason)
        ended = replace(watch, verdict=verdict.reason)
        # In one write: a run that is killed between the two would leave a verdict that nobody knows.
        await asyncio.to_thread(ledger.releases.end, context.lease, release.number, ReleaseState.FAILED, reason, ended)
        return await asyncio.to_thread(recorded_snapshot, ledger, context.stack)
    if over:
        get_run_logger().info("%s was watched: %s.", release, verdict.reason)
        ended = replace(watch, verdict=verdict.reason)
        await asyncio.to_thread(ledger.releases.end_watch, context.lease, release.number, ended)
    return snapshot
