"""The last log lines of a failed instance, for the error message of its run."""

import asyncio

from prefect.logging import get_run_logger

from infra_specs.app_text.shown import parts, shown_tail
from infra_specs.resources.instance import Instance
from tasks.run.context import RunContext

TAIL_LINES = 20
KEPT_LINES = 1000
"""Lines of an instance that is removed, and its log with it."""
CONTEXT_LINES = 200
"""Lines that are read before those that are shown, to find secrets that begin there."""


async def failure_log(context: RunContext, instance: Instance, *, removed: bool) -> str:
    """The last log lines of an instance, redacted and bounded, to append to an error message.

    With `removed` the run's log gets the earlier lines too, since the instance's own log is deleted.
    """
    # Read more lines than are shown: a secret whose beginning is cut off could not be found.
    text = await asyncio.to_thread(
        context.provider.logs, instance, (KEPT_LINES if removed else TAIL_LINES) + CONTEXT_LINES
    )
    lines = (await asyncio.to_thread(context.shown_lines, text.rstrip()))[-KEPT_LINES:]
    if removed and len(lines) > TAIL_LINES:
        for part in parts(lines):  # Prefect drops entries of a megabyte
            get_run_logger().info("Log of %s, which goes:\n%s", instance, part)
    tail = shown_tail(lines[-TAIL_LINES:])
    return f"\nThe last lines of its log:\n{tail}" if tail.strip() else "\nIt wrote no log."
