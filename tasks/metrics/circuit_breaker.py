"""Who is still asked in one check: an ill server must not hold it up, and one heavy query must not blind everybody."""

import threading
from collections import Counter, defaultdict

patience = 3
"""Stacks that a server left without an answer, after which it hangs; and as many answers that one stack did not get,
after which that one asks no more."""


class Patience:
    """What one check knows of the servers that it asks; safe to use from many threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._gone: dict[str, str] = {}
        self._missed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._why: dict[str, str] = {}

    def over(self, url: str, stack: str) -> str | None:
        """Why this stack asks there no more in this check; None while it does."""
        with self._guard:
            missed = self._missed[url]
            if len(missed) >= patience or missed[stack] >= patience:
                return self._why[url]
            return self._gone.get(url)

    def gone(self, url: str, why: str) -> None:
        """Nobody is there: it cannot be connected to."""
        with self._guard:
            self._gone[url] = why

    def late(self, url: str, stack: str, why: str) -> None:
        """One query was not answered, or not in time."""
        with self._guard:
            self._missed[url][stack] += 1
            self._why[url] = why
