"""Which change of a stack came last before a fault, and the command that undoes it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from infra_specs.alerts.alert import LastChange

CHANGING_VERBS = frozenset({"provision", "deploy", "rollback", "scale", "grow", "restore", "teardown"})
"""The verbs by which somebody, or the autoscaler, changes a stack. A repair brings back what was."""
SLACK_SECONDS = 5.0
"""A change that began so long after the first sign of a fault may still be its cause: clocks and checks are coarse."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run of a stack, as far as a fault may come of it."""

    id: str
    verb: str
    at: float
    reason: str
    who: str
    release_before: int | None = None
    """The number of the healthy release that served before it."""
    counts_before: dict[str, int] = field(default_factory=dict)
    """Service -> the replicas that it had before, of a run that changed them."""


def last_change(stack: str, runs: Iterable[PastRun], since: float) -> LastChange | None:
    """The newest change that began before a fault was seen first; None if none is known."""
    earlier = [run for run in runs if run.verb in CHANGING_VERBS and run.at <= since + SLACK_SECONDS]
    run = max(earlier, key=lambda run: run.at, default=None)
    if run is None:
        return None
    return LastChange(run.id, run.verb, run.at, run.reason, run.who, undo_command(stack, run))


def undo_command(stack: str, run: PastRun) -> str:
    """The command that undoes a run; empty where none does."""
    if run.verb == "scale" and run.counts_before:
        service, count = next(iter(run.counts_before.items()))
        return f"tenfold scale {stack} {service} {count}"
    if run.verb in ("deploy", "rollback", "provision") and run.release_before is not None:
        return f"tenfold rollback {stack} {run.release_before}"
    if run.verb == "teardown":
        return f"tenfold provision {stack}"
    return ""
