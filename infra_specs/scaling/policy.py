"""How a service is scaled: what people may choose, with defaults that need no choice."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in seconds."""

    utilisation: float = 0.7
    """The part of a replica's capacity that is planned with."""
    window: float = 300.0
    """Stabilization: never below the highest recommendation of this time."""
