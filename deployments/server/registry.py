"""The deployments of all flows: names, parameter forms, schedules."""

import inspect
from typing import Any

from prefect import Flow
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from deployments.server.intervals import Intervals
from flows.advise import advise
from flows.autoscale import autoscale
from flows.backup import backup
from flows.deploy import deploy
from flows.grow import grow
from flows.job import job
from flows.provision import provision
from flows.reconcile import reconcile
from flows.recover_hosts import recover_hosts
from flows.report import report
from flows.restore import restore
from flows.rollback import rollback
from flows.run import run
from flows.scale import scale
from flows.teardown import teardown
from flows.teardown_hosts import teardown_hosts
from tasks.run.tags import NOTABLE

ADVISE_SECONDS = 3600.0
"""Interval of the advise flow: growth takes days."""
WEEKLY = "0 7 * * 1"
"""When the report is written: on Monday at seven, UTC."""


async def deployments() -> tuple[RunnerDeployment, ...]:
    """Of the flows that somebody asks for: each under its own name, `provision/provision`. The report comes by itself
    as well, too seldom for the process of the timers."""
    flows = (
        provision, deploy, rollback, scale, run, job, teardown, grow, backup, restore, recover_hosts, teardown_hosts,
    )  # fmt: skip
    return (*[await _deployed(flow) for flow in flows], await _deployed(report, cron=WEEKLY))


async def scheduled_deployments(every: Intervals) -> tuple[RunnerDeployment, ...]:
    """Of the flows that are on a schedule, and that somebody may ask for as well."""
    return (
        await _deployed(autoscale, every=every.autoscale),
        await _deployed(reconcile, every=every.reconcile),
        await _deployed(advise, every=ADVISE_SECONDS),
    )


async def _deployed(flow: Flow[..., Any], every: float | None = None, cron: str | None = None) -> RunnerDeployment:
    return await flow.ato_deployment(
        name=flow.name,
        description=inspect.cleandoc(flow.fn.__doc__ or "").partition("Args:")[0].strip(),
        interval=every,
        cron=cron,
        tags=["tenfold", *(() if every else (NOTABLE,))],  # each run has those of its deployment from its beginning
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
