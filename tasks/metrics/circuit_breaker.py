"""Which metrics servers are still queried in one check: a hanging server must not delay it for every stack."""

import threading
from collections import Counter, defaultdict

MISSES_TO_OPEN = 3
"""Stacks without an answer after which a server counts as hanging; also the unanswered queries of one stack after which
that stack sends no more."""


class CircuitBreaker:
    """The state of all metrics servers in one check. Thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._gone: dict[str, str] = {}
        self._missed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._why: dict[str, str] = {}

    def open_reason(self, url: str, stack: str) -> str | None:
        """Why this stack sends no more queries to the server in this check; None while it does."""
        with self._guard:
            missed = self._missed[url]
            if len(missed) >= MISSES_TO_OPEN or missed[stack] >= MISSES_TO_OPEN:
                return self._why[url]
            return self._gone.get(url)

    def mark_unreachable(self, url: str, why: str) -> None:
        """Record that the server refuses connections."""
        with self._guard:
            self._gone[url] = why

    def count_miss(self, url: str, stack: str, why: str) -> None:
        """Record a query without an answer in time."""
        with self._guard:
            self._missed[url][stack] += 1
            self._why[url] = why
