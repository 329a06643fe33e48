"""The kinds of alerts: what each is called, how long its fault must last, and which no quiet hour holds back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "no_replica", "need", "errors", "latency", "at_limit", "unreadable", "reconcile", "disk", "memory", "connections",
    "queue", "certificate", "budget", "debt", "backup", "shrunk", "checks", "undelivered",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
WATCHDOG_KINDS: frozenset[Kind] = frozenset({"checks"})
"""What the watchdog decides, since a check that has stopped decides nothing."""
CHECK_KINDS: frozenset[Kind] = frozenset(KINDS) - WATCHDOG_KINDS


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one kind. `lasts`: seconds that its fault must last before it is an alert."""

    title: str
    lasts: float = 0.0
    urgent: bool = False
    """That quiet hours do not hold it back."""


RULES: Mapping[Kind, Rule] = {
    "no_replica": Rule("no healthy replica", 60.0, urgent=True),
    "need": Rule("no answer", 60.0, urgent=True),
    "errors": Rule("errors", 60.0),
    "latency": Rule("slow answers", 300.0),
    "at_limit": Rule("scaled to the limit", 300.0),
    "unreadable": Rule("target does not answer", 300.0),
    "reconcile": Rule("repair fails"),
    "disk": Rule("disk nearly full", 60.0, urgent=True),
    "memory": Rule("memory nearly full", 300.0),
    "connections": Rule("database connections near their limit", 120.0),
    "queue": Rule("queue grows"),
    "certificate": Rule("certificate ends", urgent=True),
    "budget": Rule("over the budget", 300.0),
    "debt": Rule("debt has expired"),
    "backup": Rule("no proven backup", urgent=True),
    "shrunk": Rule("backup fell by half", urgent=True),
    "checks": Rule("checks have stopped"),
    "undelivered": Rule("messages are not delivered"),
}
"""A full disk, a missing backup and one that fell put data at risk: these are urgent beside an outage and an end of a
certificate."""
TITLES: Mapping[Kind, str] = {kind: rule.title for kind, rule in RULES.items()}
