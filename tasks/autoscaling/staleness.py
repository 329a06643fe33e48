"""Whether autoscale checks still happen."""

from tasks.ledger import Check

MISSED_CHECKS = 3
"""Intervals without a finished check, after which a warning is shown."""


def staleness(last: Check | None, interval: float, now: float, *, awake_since: float = 0.0) -> str | None:
    """A warning if no check has finished for three intervals, else None.

    `awake_since`: no check could have run before that moment. All times in seconds since the epoch.
    """
    ended = last.at + last.seconds if last else 0.0
    idle = now - max(ended, awake_since)
    if idle <= MISSED_CHECKS * interval:
        return None
    when = f"the last one ended {now - ended:.0f} s ago" if last else "there never was one"
    return f"No service is scaled: a check is due every {interval:g} s, and {when}."
