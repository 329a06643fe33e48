"""The wall clock, read here and nowhere else in tasks, so that a test can hold it still."""

import time


def now() -> float:
    """Seconds since the epoch."""
    return time.time()
