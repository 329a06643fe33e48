"""What an instance that failed wrote last, for the message of the run that it fails."""

import asyncio

from prefect.logging import get_run_logger

from infra_specs.resources.instance import Instance
from tasks.run.context import Site

told_lines = 20
kept_lines = 1000
"""Of one that goes, and its log with it."""
before_lines = 200
"""Lines that are read in front of those that are told."""
at_once = 100
line_at_most = 2000
"""Lines in one entry of the run's log, and what is kept of each: Prefect drops entries of a megabyte."""


async def last_words(place: Site, instance: Instance, *, goes: bool) -> str:
    """Its last lines as the end of a message, no secret of ours in them.

    Of one that `goes` the run's log gets what was before them, too: nobody can look it up later.
    """
    # More than are told: a value whose beginning is cut off could not be found.
    text = await asyncio.to_thread(place.provider.logs, instance, (kept_lines if goes else told_lines) + before_lines)
    lines = (await asyncio.to_thread(place.redacted, text)).rstrip().splitlines()[-kept_lines:]
    if goes and len(lines) > told_lines:
        for first in range(0, len(lines), at_once):
            some = "\n".join(line[:line_at_most] for line in lines[first : first + at_once])
            get_run_logger().info("Log of %s, which goes:\n%s", instance, some)
    told = "\n".join(lines[-told_lines:])
    return f"\nThe last lines of its log:\n{told}" if told.strip() else "\nIt wrote no log."
