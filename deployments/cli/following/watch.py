"""How a run goes, seen from outside: its state from Prefect, its plan and changes from the ledger.

The ledger knows the whole plan before the first change, and each change before it is made and once it is proven.
Prefect's own books of tasks are written seconds later.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from deployments.cli.following.prefect_api import FlowRun, LogLine
from tasks.ledger import Run, RunChange

WARNING_LEVEL = 30
RUNS_LOOKED_BACK = 3
"""How many of a stack's last runs may be newer than the one that is watched."""


class Api(Protocol):
    """What of Prefect's API watching needs."""

    def run(self, id: str) -> FlowRun: ...
    def logs(self, id: str, after: str | None) -> tuple[LogLine, ...]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the run: what it is made to (the stack named where there are several), and how far it is."""

    what: str
    change: RunChange

    @property
    def under_way(self) -> bool:
        return self.change.state == "intended"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one moment, with as much of its plan as there is yet."""

    flow_run: FlowRun
    planned: tuple[str, ...] = ()
    """What each change of the plan is made to."""
    summary: str = ""
    left: tuple[str, ...] = ()
    """What the plan leaves alone though it is not as wanted, and why."""
    steps: tuple[Step, ...] = ()
    """The changes that were begun."""
    notes: tuple[str, ...] = ()
    """Lines that were logged since the last look and that a person should see."""


@dataclass
class Watch:
    """One flow run, which may change one stack or several. `history` asks the ledger for a stack's last runs."""

    api: Api
    id: str
    stacks: tuple[str, ...]
    history: Callable[[str, int], tuple[Run, ...]]
    _after: str | None = None
    _read: set[str] = field(default_factory=set)

    def look(self) -> Snapshot:
        """How it is now. Raises ServerError while Prefect does not answer."""
        flow_run = self.api.run(self.id)  # first: when it has ended, the ledger has all of it
        notes = self._notes()
        found = [
            run for stack in self.stacks for run in self.history(stack, RUNS_LOOKED_BACK) if run.flow_run_id == self.id
        ]
        return Snapshot(
            flow_run,
            tuple(self._named(run, _which(change)) for run in found for wave in run.plan["waves"] for change in wave),
            "; ".join(run.plan["summary"] for run in found),
            tuple(
                self._named(run, f"{kept['address']}: {kept['reason']}") for run in found for kept in run.plan["kept"]
            ),
            tuple(
                Step(self._named(run, _which({"text": change.text, "reason": change.reason})), change)
                for run in found
                for change in run.changes
            ),
            notes,
        )

    def _named(self, run: Run, what: str) -> str:
        return f"{run.stack} {what}" if len(self.stacks) > 1 else what

    def _notes(self) -> tuple[str, ...]:
        lines = [line for line in self.api.logs(self.id, self._after) if line.id not in self._read]
        if lines:
            self._after = lines[-1].at
        self._read |= {line.id for line in lines}
        return tuple(line.message.splitlines()[0] for line in lines if _matters(line))


def _which(change: Mapping[str, Any]) -> str:
    """What is between the sign and the reason: `replica/web-0#2` of `- replica/web-0#2 (not wanted)`."""
    return str(change["text"])[2:].removesuffix(f" ({change['reason']})")


def _matters(line: LogLine) -> bool:
    """A retry, or a warning of the run's own. What fails says so in its change and in the run's message."""
    if line.logger.endswith("task_runs"):
        return "Retry" in line.message
    return WARNING_LEVEL <= line.level < 40
