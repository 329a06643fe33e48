"""How a run goes, seen from outside: its state from Prefect, its plan and changes from the ledger.

The ledger knows the whole plan before the first change, and each change before it is made and once it is proven.
Prefect's own books of tasks are written seconds later.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from deployments.cli.runs.prefect_api import FlowRun, LogLine
from tasks.ledger import Run, RunChange

warning = 30
looked_back = 5
"""How many of a stack's last runs may be newer than the one that is watched."""


class Api(Protocol):
    """What of Prefect's API watching needs."""

    def run(self, id: str) -> FlowRun: ...
    def logs(self, id: str, after: str | None) -> tuple[LogLine, ...]: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """A run at one moment. `planned` are the addresses of its plan, as far as it has one yet."""

    flow_run: FlowRun
    planned: tuple[str, ...] = ()
    summary: str = ""
    left: tuple[str, ...] = ()
    """What the plan leaves alone though it is not as wanted, and why."""
    changes: tuple[RunChange, ...] = ()
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

    def look(self) -> Seen:
        """How it is now. Raises ServerError while Prefect does not answer."""
        flow_run = self.api.run(self.id)  # first: when it has ended, the ledger has all of it
        notes = self._notes()
        found = [run for stack in self.stacks for run in self.history(stack, looked_back) if run.flow_run_id == self.id]
        several = len({run.stack for run in found}) > 1
        return Seen(
            flow_run,
            tuple(_named(change, run, several) for run in found for wave in run.plan["waves"] for change in wave),
            "; ".join(run.plan["summary"] for run in found),
            tuple(f"{kept['address']}: {kept['reason']}" for run in found for kept in run.plan["kept"]),
            tuple(change for run in found for change in run.changes),
            notes,
        )

    def _notes(self) -> tuple[str, ...]:
        lines = [line for line in self.api.logs(self.id, self._after) if line.id not in self._read]
        if lines:
            self._after = lines[-1].at
        self._read |= {line.id for line in lines}
        return tuple(line.message.splitlines()[0] for line in lines if _matters(line))


def _named(change: Any, run: Run, several: bool) -> str:
    return f"{run.stack} {change['address']}" if several else str(change["address"])


def _matters(line: LogLine) -> bool:
    """A retry, or a warning of the run's own. What fails says so in its change and in the run's message."""
    if line.logger.endswith("task_runs"):
        return "Retry" in line.message
    return warning <= line.level < 40
