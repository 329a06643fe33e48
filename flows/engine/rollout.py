"""A release takes the place of what is there, step by step; or what was proven last comes back."""

import asyncio
from dataclasses import replace

from prefect.logging import get_run_logger

from flows.engine.converge import Report, converge
from infra_specs.releases.rollout import Share, Step, rollout, stages
from infra_specs.resources.instance import Instance
from tasks.changes.canary import bake
from tasks.changes.observe import observe
from tasks.ledger import Release
from tasks.run.context import Site, at
from tasks.stack.record import Wish, jobs


async def roll_out(
    site: Site, reason: str, release: Release, wished: Wish, *, verb: str = "", share: Share | None = None
) -> Report:
    """Make the stack what `wished` says, with this release, and prove it. Which steps it takes: `rollout`.

    `verb` is who does it, if not who made the release. Raises what `converge` raises; what was finished stands then.
    """
    with at(site):
        there = await observe(site.stack)
    first = await asyncio.to_thread(jobs, site.ledger, wished, release)
    steps = rollout(there, wished.resources, jobs=first, share=share, passed=release.passed)
    reports = list[Report]()
    for number, step in enumerate(steps):
        why = f"{reason} ({step.why})" if len(steps) > 1 else reason
        reports.append(await _take(site, verb or release.verb, why, step, None if number else there))
        if number + 1 < len(steps) and steps[number + 1].stage != step.stage:
            over = stages.index(step.stage) + 1
            await asyncio.to_thread(site.ledger.pass_stages, site.hold, release.number, over)
    await asyncio.to_thread(site.ledger.prove_release, site.hold, release.number)
    return _together(reports)


async def bring_back(site: Site, verb: str, reason: str, wished: Wish) -> Report:
    """Make the stack what it is when it runs as it was deployed last and proven; while nothing was, prove the newest.

    A newer release that was not proven is undone by it.
    """
    standing = site.ledger.standing_releases(site.stack)
    runs = next((one for one in standing if one.state == "proven"), None)
    if runs is None and standing:
        return await roll_out(site, reason, standing[0], wished, verb=verb)
    left = standing[0] if runs and standing[0].state in ("proving", "failed") else None
    report = await converge(site, verb, f"{left} was not proven: back to {runs}" if left else reason, wished.resources)
    if runs and left:
        await asyncio.to_thread(site.ledger.prove_release, site.hold, runs.number)
    return report


async def _take(site: Site, verb: str, why: str, step: Step, seen: tuple[Instance, ...] | None) -> Report:
    report = await converge(site, verb, why, step.resources, alone=step.alone, seen=seen)
    if step.canaries:
        with at(site):
            watched = (bake(service, address, step.bake_seconds) for service, address in step.canaries.items())
            for said in await asyncio.gather(*watched):
                get_run_logger().info("%s", said)
    return report


def _together(reports: list[Report]) -> Report:
    changes = tuple(change for report in reports for change in report.changes)
    return replace(reports[-1], summary="; then ".join(report.summary for report in reports), changes=changes)
