"""Decisions of the scaler as people read them."""

import json as jsonlib
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import Installation, open_installation
from deployments.cli.terminal.output import Cell, console, lay, say
from deployments.cli.terminal.words import ago, clock_time, counted, human
from infra_specs.errors import PlanError
from infra_specs.scaling.decision import Decision
from infra_specs.stackfile.models.stack import Stack
from tasks.base.clock import now
from tasks.ledger import Check, KeptDecision
from tasks.stack.record import recorded_spec

DECISIONS_LOOKED_BACK = 2000
"""Decisions that are looked through for those that change something."""


def why(stack: str, service: str, number: int, *, changes: bool, json: bool) -> None:
    """`tenfold why`. Raises UnknownStack for a stack that is not known, PlanError for no such service."""
    with open_installation() as place:
        known, _ = recorded_spec(place.ledger, stack)
        _refuse_unknown(known, service)
        kept, check = _kept(place, stack, service, number, changes=changes), place.ledger.last_check()
    if json:
        print(jsonlib.dumps({"decisions": [data(one) for one in kept]}, indent=2))
        return
    to = console()
    for at, one in enumerate(kept):
        if at:
            to.print()
        show(to, one)
    if not kept:
        say(to, _nothing_yet(stack, check))


def data(kept: KeptDecision) -> dict[str, Any]:
    """A decision as JSON data, with its inputs."""
    about = {name: getattr(kept, name) for name in ("id", "stack", "since", "until", "checks", "flow_run_id")}
    return {**about, **kept.decision.as_data()}


def show(to: Console, kept: KeptDecision) -> None:
    """When, from how many to how many, what came of it, the sentence, and the steps that led there."""
    decision = kept.decision
    head = Text.assemble((clock_time(kept.since), "dim"), "  ", (decision.service, "bold"), "  ", _count(decision))
    say(to, head, Text(_consequence(kept), "dim"))
    say(to, decision.reason, indent=2)
    lay(to, _steps(decision), indent=4)


def _kept(place: Installation, stack: str, service: str, number: int, *, changes: bool) -> tuple[KeptDecision, ...]:
    found = place.ledger.decisions(stack, service or None, DECISIONS_LOOKED_BACK if changes else number)
    return tuple(one for one in found if one.decision.changes or not changes)[:number]


def _refuse_unknown(stack: Stack, service: str) -> None:
    if service and service not in stack.services:
        raise PlanError(f"{stack.name} has no service `{service}`. It has: {', '.join(stack.services)}.")


def _count(decision: Decision) -> Text:
    if not decision.changes:
        return Text(f"stays {decision.before}")
    colour = "green" if decision.replicas > decision.before else "cyan"
    return Text(f"{decision.before} → {decision.replicas}", f"bold {colour}")


def _consequence(kept: KeptDecision) -> str:
    """What came of it: the run, or why there is none, or for how long it held."""
    if kept.flow_run_id:
        return f"done by flow run {kept.flow_run_id}"
    held = f"for {human(kept.until - kept.since)}, {counted(kept.checks, 'check')}" if kept.checks > 1 else "one check"
    if kept.decision.changes:
        return f"advice, not done ({held})" if not kept.decision.acts else f"not begun: somebody was at it ({held})"
    return held


def _steps(decision: Decision) -> Iterator[list[Cell]]:
    for step in decision.steps:
        yield [Text(step.name, "dim"), Text(f"{step.replicas:>3}"), Text(step.reason)]


def _nothing_yet(stack: str, check: Check | None) -> str:
    if check is None:
        return "No check has been made yet. They come by themselves while the control plane runs: tenfold server start"
    return f"Nothing was decided for {stack} yet. The last check was {ago(now() - check.at)}: {check.message}"
