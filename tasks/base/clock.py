"""The wall clock, read here and nowhere else in tasks, flows and deployments, so that a test can hold it still."""

import time
from datetime import UTC, date, datetime


def now() -> float:
    """Seconds since the epoch."""
    return time.time()


def utc_now() -> datetime:
    """The same moment as a date, as Prefect's API takes it."""
    return datetime.fromtimestamp(now(), UTC)


def today() -> date:
    """The day of it, in this machine's time zone."""
    return datetime.fromtimestamp(now()).astimezone().date()
