"""Report: whether every stack moves; once a week, for who looks at the UI."""

import asyncio
from functools import partial

from prefect.artifacts import acreate_markdown_artifact

from flows.engine.converge import Report
from flows.engine.frame import frame, open_ledger
from infra_specs.overview.report_text import report_text
from tasks.base.clock import now
from tasks.base.side_by_side import look_at
from tasks.ledger import Ledger, StackRecord
from tasks.overview.report import report as report_of
from tasks.stack.record import recorded_spec


@frame
async def report(stack: str = "") -> Report:
    """Write the report of the last seven days of each stack, as an artifact of the run. Changes nothing.

    Args:
        stack: The stack's name. Empty for every stack that is up.
    """
    async with open_ledger() as ledger:
        records = await asyncio.to_thread(_records, ledger, stack)
        jobs = {record.name: partial(report_of, ledger, record, now()) for record in records}
        reports, faults = await asyncio.to_thread(look_at, jobs)
    for name, made in reports.items():
        await acreate_markdown_artifact(report_text(made), key=f"report-{name}", description=f"The week of {name}")
    notes = (f"{len(reports)} written", *map(str, faults))
    return Report(stack or "all stacks", "; ".join(notes), (), (), {})


def _records(ledger: Ledger, stack: str) -> list[StackRecord]:
    """The active stacks to report on. Raises UnknownStack for an unknown name."""
    if stack:
        recorded_spec(ledger, stack)
    return [record for record in ledger.stacks.all() if record.wanted and stack in ("", record.name)]
