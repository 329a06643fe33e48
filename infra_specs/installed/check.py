"""One point that was looked at: how it stands, what was seen, and what to do."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "fault"]


@dataclass(frozen=True, slots=True)
class Check:
    """A point. A `note` may be meant so; a `fault` stops something. `advice` is empty where all is well."""

    point: str
    state: State
    seen: str
    advice: str = ""

    def data(self) -> dict[str, str]:
        """The point as plain data."""
        return {"point": self.point, "state": self.state, "seen": self.seen, "advice": self.advice}
