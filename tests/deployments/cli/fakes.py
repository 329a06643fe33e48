"""A run as a test says it goes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from deployments.cli.following.prefect_api import FlowRun, LogLine
from deployments.cli.following.watch import Snapshot, Step
from infra_specs.errors import ServerError
from tasks.ledger import Run, RunChange


def flow_run(type: str = "RUNNING", message: str = "") -> FlowRun:
    return FlowRun("f-1", "provision shop", type, type.capitalize(), message)


def change(address: str, state: str = "done", action: str = "create", **told: Any) -> RunChange:
    sign = {"create": "+", "destroy": "-", "update": "~"}[action]
    given = {"reason": "missing", "message": "", "seconds": 0.5, "began": 0.0, "id": address, **told}
    text = f"{sign} {address} ({given['reason']})"
    return RunChange(action=action, address=address.partition("#")[0], text=text, state=state, **given)  # type: ignore[arg-type]


def step(address: str, state: str = "done", **told: Any) -> Step:
    return Step(address, change(address, state, **told))


def run(stack: str, *changes: RunChange, flow_run_id: str = "f-1", kept: Sequence[dict[str, str]] = ()) -> Run:
    wave = [{"text": one.text, "reason": one.reason} for one in changes]
    plan = {"waves": [wave], "kept": list(kept), "summary": f"{len(changes)} to create"}
    return Run("1", stack, "provision", "asked for", "me", flow_run_id, plan, "running", "", 0.0, None, changes)


@dataclass
class FakeApi:
    """Answers with the next state each time, the last one for ever, and with every line that was logged."""

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
    """Each look is the next one; None is a server that does not answer."""

    looks: list[Snapshot | None]

    def look(self) -> Snapshot:
        seen = self.looks.pop(0)
        if seen is None:
            raise ServerError("The control plane does not answer.")
        return seen


@dataclass
class Eyes:
    """Remembers what it was shown."""

    saw: list[Snapshot] = field(default_factory=list)

    def see(self, seen: Snapshot) -> None:
        self.saw.append(seen)
