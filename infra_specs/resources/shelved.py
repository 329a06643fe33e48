"""Data of a stack that is kept while nothing of the stack runs, so that it costs nothing by the hour."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shelved:
    """The kept data of one resource. `comes_back`: a resource made at this address begins with it."""

    stack: str
    address: str
    name: str
    """What its target calls it."""
    gigabytes: int
    since: float
    """Seconds since the epoch."""
    comes_back: bool = True

    def __str__(self) -> str:
        return f"{self.address} in {self.name}, {self.gigabytes} GB"
