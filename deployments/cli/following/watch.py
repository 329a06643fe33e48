"""Snapshots of a run: its state from Prefect, its plan and its changes from the ledger.

The ledger has the whole plan before the first change, and each change as it begins and ends. Prefect writes its task
runs seconds later.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from deployments.cli.following.log_lines import LogReader
from deployments.cli.following.prefect_api import FlowRun, LogLine, RunApi
from tasks.ledger import Run, RunChange

RUNS_LOOKED_BACK = 3
"""Runs of a stack that are read, to find the one that is watched among newer ones."""


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the run, and the instance that it changes (with its stack's name where there are several)."""

    instance: str
    change: RunChange

    @property
    def under_way(self) -> bool:
        return self.change.state == "intended"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one moment, with its plan as far as it is known."""

    flow_run: FlowRun
    planned: tuple[str, ...] = ()
    """The instance of each change in the plan."""
    summary: str = ""
    skipped: tuple[str, ...] = ()
    """The instances that the plan leaves alone though they are not as wanted, and why."""
    steps: tuple[Step, ...] = ()
    """The changes that have begun."""
    notes: tuple[str, ...] = ()
    """Log lines since the last look that a person should see."""


@dataclass
class Watch:
    """One flow run, which may change several stacks. `history` reads the last runs of a stack from the ledger."""

    api: RunApi
    run_id: str
    stacks: tuple[str, ...]
    history: Callable[[str, int], tuple[Run, ...]]
    _log: LogReader = field(init=False)

    def __post_init__(self) -> None:
        self._log = LogReader(self.api, self.run_id)

    def look(self) -> Snapshot:
        """The run as it is now. Raises ServerError while Prefect does not answer."""
        flow_run = self.api.run(self.run_id)  # before the ledger, which is complete once the run has ended
        notes = tuple(line.message.splitlines()[0] for line in self._log.next_page() if _matters(line))
        runs = [
            run
            for stack in self.stacks
            for run in self.history(stack, RUNS_LOOKED_BACK)
            if run.flow_run_id == self.run_id
        ]
        return Snapshot(
            flow_run,
            planned=tuple(
                self._named(run, _instance(change["text"], change["reason"]))
                for run in runs
                for wave in run.plan["waves"]
                for change in wave
            ),
            summary="; ".join(run.plan["summary"] for run in runs),
            skipped=tuple(
                self._named(run, f"{skip['address']}: {skip['reason']}") for run in runs for skip in run.plan["kept"]
            ),
            steps=tuple(
                Step(self._named(run, _instance(change.text, change.reason)), change)
                for run in runs
                for change in run.changes
            ),
            notes=notes,
        )

    def _named(self, run: Run, text: str) -> str:
        return f"{run.stack} {text}" if len(self.stacks) > 1 else text


def _instance(text: str, reason: str) -> str:
    """The part of a change's text between its sign and its reason: `web-0#2` of `- web-0#2 (not wanted)`."""
    return text[2:].removesuffix(f" ({reason})")


def _matters(line: LogLine) -> bool:
    """Whether a line is a retry, or a warning of the run itself. Failures are shown as changes and as the outcome."""
    if line.logger.endswith("task_runs"):
        return "Retry" in line.message
    return line.is_warning
