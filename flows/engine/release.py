"""A new release beside the one that runs: begun, rolled out, and undone by itself if it fails."""

import asyncio
from typing import NoReturn

from flows.engine.converge import Report, converge
from flows.engine.rollout import bring_back, roll_out
from infra_specs.errors import ChangeFailed, Fenced, TenfoldError
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.releases.content import Content, images_named
from infra_specs.releases.differences import in_short
from infra_specs.releases.rollout import Share
from infra_specs.stackfile.models.stack import Stack
from tasks.ledger import Release
from tasks.run.context import Site
from tasks.stack.images import known_images
from tasks.stack.record import Wish, as_filed, deployed, wish_as_deployed, wish_with


async def deliver(
    site: Site, verb: str, stack: Stack, source: str, content: Content, *, why: str = "", share: Share | None = None
) -> Report:
    """Bring the stack to a release with this content, and prove it.

    If it fails, what was proven last comes back, and ChangeFailed says both. Nothing new is made where the same runs.
    """
    ledger, runs = site.ledger, deployed(site.ledger, stack.name)
    wished, back = wish_with(ledger, stack, source, content), wish_as_deployed(ledger, stack, source)
    refuse_over_budget(stack.name, wished.price)
    if runs and runs.state == "proven" and runs.content == content:
        report = await bring_back(site, verb, f"{runs} is that already", back)
        return _said(report, f"{runs} is that already: {report.summary}")
    reason = why + in_short(back.content, content)
    file = await asyncio.to_thread(_file, site, stack, source, content)
    new = await asyncio.to_thread(ledger.begin_release, site.hold, verb, reason, content=content, file=file)
    site.undoes = runs is not None and runs.state == "proven"
    try:
        report = await roll_out(site, f"{new}: {reason}", new, wished, share=share)
    except Fenced:
        raise
    except TenfoldError as error:
        await _undo(site, new, error, runs=runs, back=back)
    return _said(report, f"{new} serves: {report.summary}")


def _file(site: Site, stack: Stack, source: str, content: Content) -> Content:
    """What the spec file said when it was last provisioned, and what there is now of all that a release only names.

    A later provision takes what is newer than that.
    """
    now, runs = as_filed(site.ledger, stack, source), deployed(site.ledger, stack.name)
    file = runs.file if runs else now
    images = known_images(site.provider, stack, images_named(content.services.values()))
    return Content(file.services, now.secrets, {**file.images, **images})


async def _undo(site: Site, new: Release, error: TenfoldError, *, runs: Release | None, back: Wish) -> NoReturn:
    ledger, verb = site.ledger, new.verb
    await asyncio.to_thread(ledger.end_release, site.hold, new.number, "failed", str(error))
    if runs is None or runs.state != "proven":
        raise ChangeFailed(f"{verb} of {new} failed, and no release was proven before it to go back to.\n{error}")
    try:
        report = await converge(site, verb, f"{new} failed: back to {runs}", back.resources)
        await asyncio.to_thread(ledger.prove_release, site.hold, runs.number)
    except Fenced:
        raise
    except TenfoldError as again:
        raise ChangeFailed(
            f"{verb} of {new} failed, and so did the way back: {runs} may serve in part only. The timer goes on trying;"
            f" look at tenfold status {site.stack}.\nWhy {new} failed: {error}\nWhy {runs} did not come back: {again}"
        ) from again
    kept = "".join(f"\nKept for inspection: tenfold logs {site.stack} {one}" for one in report.sick)
    raise ChangeFailed(f"{verb} of {new} failed and was undone: {runs} serves.\n{error}{kept}")


def _said(report: Report, summary: str) -> Report:
    return Report(report.stack, summary, report.changes, report.kept, report.links, report.sick)
