"""An alert: what is wrong, since when, what to do, and its end."""

import hashlib
from dataclasses import dataclass
from typing import TypeAlias

from infra_specs.alerts.kinds import Kind

Key: TypeAlias = tuple[str, Kind, str]
"""Stack, kind and where: two alerts with the same key are never open at once."""


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last change of the stack before a fault. `undo`: the command that undoes it; empty where there is none."""

    run: str
    """The id of the run in the ledger."""
    verb: str
    at: float
    """When it began, in seconds since the epoch."""
    reason: str
    who: str
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known now of one thing that can be wrong. `is_fault`: None is not known now."""

    stack: str
    kind: Kind
    where: str
    """The service, host or machine; empty for the whole stack."""
    is_fault: bool | None
    what: str = ""
    """One sentence that says what is wrong; of a fault."""
    todo: str = ""
    """One sentence that says what to do."""

    @property
    def key(self) -> Key:
        return self.stack, self.kind, self.where


@dataclass(frozen=True, slots=True)
class Alert:
    """One fault from its beginning to its end. Moments are seconds since the epoch."""

    id: str
    stack: str
    kind: Kind
    where: str
    what: str
    todo: str
    since: float
    """When the fault was seen first."""
    raised: float | None = None
    """When it had lasted for long enough; None before that."""
    told: float | None = None
    """When a message of it was made last."""
    clear: float | None = None
    """Since when the fault is not seen any more, while it is not over yet."""
    ended: float | None = None
    """When it was over."""
    closed: bool = False
    """That it is over, and nobody has to be told any more."""
    change: LastChange | None = None

    @property
    def key(self) -> Key:
        return self.stack, self.kind, self.where

    @property
    def is_open(self) -> bool:
        """Whether it is an alert now: raised, and not over."""
        return self.raised is not None and self.ended is None


def alert_id(key: Key, since: float) -> str:
    """The same for the same fault, whoever computes it: a message that comes twice is known by it."""
    return hashlib.sha256("\n".join((*key, f"{since:.3f}")).encode()).hexdigest()[:12]
