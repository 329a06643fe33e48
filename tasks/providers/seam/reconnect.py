"""How soon a connection that broke is tried again."""

import time

FIRST_SECONDS, LONGEST_SECONDS = 0.5, 10.0


class Reconnect:
    """The pauses between tries: they double with each that fails, and one that lasted begins anew."""

    def __init__(self) -> None:
        self._pause = 0.0
        self._due = 0.0
        self._opened = 0.0
        self._tried = False

    @property
    def seconds(self) -> float:
        """Seconds until the next try; 0 if it is due."""
        return max(0.0, self._due - time.monotonic())

    def opened(self) -> bool:
        """The connection is there. Whether it was tried before: then something may have been missed."""
        self._opened = time.monotonic()
        return self._tried

    def broke(self) -> None:
        """It could not be opened, or has ended. One that was open for longer than the longest pause was well."""
        now = time.monotonic()
        if self._opened and now - self._opened > LONGEST_SECONDS:
            self._pause = 0.0
        self._opened, self._tried = 0.0, True
        self._pause = min(LONGEST_SECONDS, 2 * self._pause or FIRST_SECONDS)
        self._due = now + self._pause
