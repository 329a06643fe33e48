"""The last log lines of a failed instance, for the error message of its run."""

import asyncio

from prefect.logging import get_run_logger

from infra_specs.resources.instance import Instance
from tasks.run.context import RunContext

TAIL_LINES = 20
KEPT_LINES = 1000
"""Lines of an instance that is removed, and its log with it."""
CONTEXT_LINES = 200
"""Lines that are read before those that are shown, to find secrets that begin there."""
CHUNK_LINES = 100
MAX_LINE = 2000
"""Lines in one entry of the run's log, and characters of each line: Prefect drops entries of a megabyte."""


async def failure_log(context: RunContext, instance: Instance, *, removed: bool) -> str:
    """The last log lines of an instance, redacted, to append to an error message.

    With `removed` the run's log gets the earlier lines too, since the instance's own log is deleted.
    """
    # Read more lines than are shown: a secret whose beginning is cut off could not be found.
    text = await asyncio.to_thread(
        context.provider.logs, instance, (KEPT_LINES if removed else TAIL_LINES) + CONTEXT_LINES
    )
    lines = (await asyncio.to_thread(context.redacted, text)).rstrip().splitlines()[-KEPT_LINES:]
    if removed and len(lines) > TAIL_LINES:
        for first in range(0, len(lines), CHUNK_LINES):
            chunk = "\n".join(line[:MAX_LINE] for line in lines[first : first + CHUNK_LINES])
            get_run_logger().info("Log of %s, which goes:\n%s", instance, chunk)
    tail = "\n".join(lines[-TAIL_LINES:])
    return f"\nThe last lines of its log:\n{tail}" if tail.strip() else "\nIt wrote no log."
