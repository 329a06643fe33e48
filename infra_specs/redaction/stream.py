"""Text that is taken in piece by piece: a value that is cut between two pieces passes in neither."""

from collections.abc import Callable

from infra_specs.redaction.redaction import Redaction


class Stream:
    """One text that grows. `current` gives the redaction of the moment: secrets may be learnt meanwhile."""

    def __init__(self, current: Callable[[], Redaction]) -> None:
        self._current = current
        self._kept = ""

    def take(self, piece: str) -> str:
        """What can be told now: whole lines, without those that may be the beginning of a value."""
        text, redaction = self._kept + piece, self._current()
        ready = redaction.ready(text)
        self._kept = text[ready:]
        return redaction.redacted(text[:ready])

    def end(self) -> str:
        """The rest; nothing more comes."""
        rest, self._kept = self._kept, ""
        return self._current().redacted(rest)
