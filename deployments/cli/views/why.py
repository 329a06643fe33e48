"""Decisions of the autoscaler as people read them."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.terminal.output import Cell, lay, say
from deployments.cli.terminal.words import ago, clock_time, counted, human
from infra_specs.scaling.decision import Decision
from tasks.base.clock import now
from tasks.ledger import Check, KeptDecision

RECORD_FIELDS = ("id", "stack", "since", "until", "checks", "flow_run_id")


def data(entry: KeptDecision) -> dict[str, Any]:
    """A decision as JSON data, with its inputs."""
    return {**{name: getattr(entry, name) for name in RECORD_FIELDS}, **entry.decision.as_data()}


def show_all(to: Console, stack: str, decisions: Sequence[KeptDecision], last_check: Check | None) -> None:
    """The decisions with an empty line between them; without any, why there is none."""
    for number, entry in enumerate(decisions):
        if number:
            to.print()
        show(to, entry)
    if not decisions:
        say(to, _nothing_yet(stack, last_check))


def show_sizing(to: Console, arithmetic: Sequence[str]) -> None:
    """How the bounds and the needs were found, line by line."""
    to.print()
    say(to, Text("Sizing", "bold"))
    for line in arithmetic:
        say(to, line, indent=2)


def show(to: Console, entry: KeptDecision) -> None:
    """When, from how many to how many replicas, what came of it, the reason, and the steps that led to it."""
    decision = entry.decision
    head = Text.assemble((clock_time(entry.since), "dim"), "  ", (decision.service, "bold"), "  ", _count(decision))
    say(to, head, Text(_consequence(entry), "dim"))
    say(to, decision.reason, indent=2)
    lay(to, _step_rows(decision), indent=4)


def _count(decision: Decision) -> Text:
    if not decision.changes:
        return Text(f"stays {decision.before}")
    colour = "green" if decision.replicas > decision.before else "cyan"
    return Text(f"{decision.before} → {decision.replicas}", f"bold {colour}")


def _consequence(entry: KeptDecision) -> str:
    """The run that carried it out, or why there is none, or for how long the decision stayed the same."""
    if entry.flow_run_id:
        return f"done by flow run {entry.flow_run_id}"
    held = (
        f"for {human(entry.until - entry.since)}, {counted(entry.checks, 'check')}" if entry.checks > 1 else "one check"
    )
    if entry.decision.changes:
        return f"advice, not done ({held})" if not entry.decision.acts else f"not begun: somebody was at it ({held})"
    return held


def _step_rows(decision: Decision) -> Iterator[list[Cell]]:
    for step in decision.steps:
        yield [Text(step.name, "dim"), Text(f"{step.replicas:>3}"), Text(step.reason)]


def _nothing_yet(stack: str, last_check: Check | None) -> str:
    if last_check is None:
        return "No check has been made yet. They come by themselves while the control plane runs: tenfold server start"
    ago_text = ago(now() - last_check.at)
    return f"Nothing was decided for {stack} yet. The last check was {ago_text}: {last_check.message}"
