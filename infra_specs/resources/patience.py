"""How long a copy of a service is waited for. None of it is a setting of what runs: another value replaces nothing."""

from dataclasses import dataclass

PROBE_TIMEOUT_SECONDS = 2.0
"""How long an answer to a probe may take."""
PROBE_MISSES = 5
"""Probes in a row without an answer, after which a copy that has answered is not ready."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Of one copy of a service that serves. Its key of the stack's file is named where it ends."""

    start_seconds: float = 60.0
    """From its start to its first answer: `start`."""
    restart_seconds: float = 300.0
    """From its last answer until it is replaced, whatever it does: `restart_after`."""
    most_copies: int = 0
    """Copies of its service that may stand at once, a successor beside one that is not ready included."""


def probing_seconds(interval: float) -> float:
    """How long probes take at most to tell that a copy which answered does not any more."""
    return interval + PROBE_MISSES * PROBE_TIMEOUT_SECONDS
