"""A flow run whose course a test decides."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from deployments.cli.following.prefect_api import FlowRun, LogLine
from deployments.cli.following.watch import Snapshot, Step
from infra_specs.errors import ServerError
from tasks.ledger import Run, RunChange


def flow_run(type: str = "RUNNING", message: str = "") -> FlowRun:
    return FlowRun("f-1", "provision shop", type, type.capitalize(), message)


def change(address: str, state: str = "done", action: str = "create", **details: Any) -> RunChange:
    sign = {"create": "+", "destroy": "-", "update": "~"}[action]
    values = {"reason": "missing", "message": "", "seconds": 0.5, "began": 0.0, "id": address, **details}
    text = f"{sign} {address} ({values['reason']})"
    return RunChange(action=action, address=address.partition("#")[0], text=text, state=state, **values)  # type: ignore[arg-type]


def step(address: str, state: str = "done", **details: Any) -> Step:
    return Step(address, change(address, state, **details))


def run(stack: str, *changes: RunChange, flow_run_id: str = "f-1", skipped: Sequence[dict[str, str]] = ()) -> Run:
    wave = [{"text": change.text, "reason": change.reason} for change in changes]
    plan = {"waves": [wave], "kept": list(skipped), "summary": f"{len(changes)} to create"}
    return Run("1", stack, "provision", "asked for", "me", flow_run_id, plan, "running", "", 0.0, None, changes)


@dataclass
class FakeApi:
    """Answers with one state after another, then with the last one for ever, and with every line that was logged."""

    states: list[FlowRun]
    lines: list[LogLine] = field(default_factory=list)
    asked_after: list[str | None] = field(default_factory=list)

    def run(self, id: str) -> FlowRun:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def logs(self, id: str, after: str | None) -> tuple[LogLine, ...]:
        self.asked_after.append(after)
        return tuple(line for line in self.lines if after is None or line.at >= after)


@dataclass
class FakeWatch:
    """Shows one snapshot after another. None is a server that does not answer."""

    looks: list[Snapshot | None]

    def look(self) -> Snapshot:
        snapshot = self.looks.pop(0)
        if snapshot is None:
            raise ServerError("The control plane does not answer.")
        return snapshot


@dataclass
class FakeDisplay:
    """Remembers the snapshots that it was given."""

    shown: list[Snapshot] = field(default_factory=list)

    def show(self, snapshot: Snapshot) -> None:
        self.shown.append(snapshot)
