"""Begin a new release, roll it out, and roll back to the last proven release if it fails."""

import asyncio
from typing import NoReturn

from flows.engine.converge import Report, converge
from flows.engine.front import with_front
from flows.engine.rollout import restore_healthy, roll_out
from infra_specs.desired import (
    DesiredStack,
    StackSnapshot,
    StoredRelease,
    desired_as_deployed,
    host_claims,
    manifest_of_file,
    newest_secrets,
)
from infra_specs.errors import ChangeFailed, Fenced, TenfoldError
from infra_specs.releases.differences import summary
from infra_specs.releases.manifest import ReleaseManifest, images_named
from infra_specs.releases.rollout import Share
from infra_specs.releases.selection import ReleaseState
from infra_specs.releases.watch import watched_services
from tasks.ledger import Release
from tasks.run.context import RunContext
from tasks.stack.code import code_of_services, forget_code, keep_code
from tasks.stack.local_images import local_images


async def make_release(
    context: RunContext,
    snapshot: StackSnapshot,
    verb: str,
    desired: DesiredStack,
    *,
    why: str = "",
    share: Share | None = None,
) -> Report:
    """Roll out a release of this stack, and prove it. If the current release has it already, make no new one.

    Raises ChangeFailed if the release fails; the last proven release is restored before.
    """
    ledger, running, content = context.ledger, snapshot.current, desired.content
    fallback = desired_as_deployed(snapshot)
    if running and running.state is ReleaseState.HEALTHY and running.content == content:
        report = await restore_healthy(context, snapshot, verb, f"{running} is that already", fallback)
        return _said(report, f"{running} is that already: {report.summary}")
    reason = why + summary(fallback.content, content)
    file = await asyncio.to_thread(_file, context, snapshot, content)
    await asyncio.to_thread(ledger.hosts.claim, context.lease, host_claims(snapshot, desired.stack))
    await keep_code(context, content)
    new_release = await asyncio.to_thread(
        ledger.releases.begin, context.lease, verb, reason, content=content, file=file
    )
    await forget_code(context)
    context.rolls_back = running is not None and running.state is ReleaseState.HEALTHY
    try:
        report = await roll_out(context, snapshot, f"{new_release}: {reason}", new_release, desired, share=share)
    except Fenced:
        raise
    except TenfoldError as error:
        await _undo(context, new_release, error, running=running, fallback=fallback)
    await with_front(context, snapshot)
    seconds = watched_services(running.content, content).values() if context.rolls_back and running else ()
    watched = f"; watched for {max(seconds):g} s" if seconds else ""
    return _said(report, f"{new_release} serves: {report.summary}{watched}")


def _file(context: RunContext, snapshot: StackSnapshot, content: ReleaseManifest) -> ReleaseManifest:
    """The manifest of the spec file when it was last provisioned, with the secret versions, image ids and code of now.

    A later provision takes over whatever is newer than this.
    """
    file = snapshot.current.file if snapshot.current else manifest_of_file(snapshot)
    images = local_images(context.provider, snapshot.stack, images_named(content.services.values()))
    code, _ = code_of_services(context.provider, context.stack, file.services)
    return ReleaseManifest(file.services, newest_secrets(snapshot), {**file.images, **images}, code)


async def _undo(
    context: RunContext, new: Release, error: TenfoldError, *, running: StoredRelease | None, fallback: DesiredStack
) -> NoReturn:
    ledger, verb = context.ledger, new.verb
    await asyncio.to_thread(ledger.releases.end, context.lease, new.number, ReleaseState.FAILED, str(error))
    if running is None or running.state is not ReleaseState.HEALTHY:
        raise ChangeFailed(f"{verb} of {new} failed, and no release was proven before it to go back to.\n{error}")
    try:
        report = await converge(context, verb, f"{new} failed: back to {running}", fallback.resources)
        await asyncio.to_thread(ledger.releases.prove, context.lease, running.number)
    except Fenced:
        raise
    except TenfoldError as second_error:
        raise ChangeFailed(
            f"{verb} of {new} failed, and so did the way back: {running} may serve in part only. The timer goes on "
            f"trying; look at tenfold status {context.stack}.\nWhy {new} failed: {error}\n"
            f"Why {running} did not come back: {second_error}"
        ) from second_error
    kept_note = "".join(f"\nKept for inspection: tenfold logs {context.stack} {address}" for address in report.sick)
    raise ChangeFailed(f"{verb} of {new} failed and was undone: {running} serves.\n{error}{kept_note}")


def _said(report: Report, summary: str) -> Report:
    return Report(report.stack, summary, report.changes, report.kept, report.links, report.sick)
