"""Whether checks still come."""

from tasks.ledger import Check

missed = 3
"""Intervals without a check that came to its end, after which something is wrong."""


def silence(last: Check | None, interval: float, now: float, *, awake_since: float = 0.0) -> str | None:
    """What to say when no check came to its end for three intervals; None while all is well.

    `awake_since`: before that moment nobody could have checked (all in seconds since the epoch).
    """
    ended = last.at + last.seconds if last else 0.0
    quiet = now - max(ended, awake_since)
    if quiet <= missed * interval:
        return None
    when = f"the last one ended {now - ended:.0f} s ago" if last else "there never was one"
    return f"No service is scaled: a check is due every {interval:g} s, and {when}."
