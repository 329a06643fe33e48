"""A stack's releases, and what changed between two of them."""

import json as jsonlib
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import open_installation
from deployments.cli.terminal.output import Cell, console, lay, say
from deployments.cli.terminal.words import ago
from infra_specs.errors import LedgerError
from infra_specs.releases.differences import differences
from infra_specs.releases.selection import ReleaseState, current
from tasks.base.clock import now
from tasks.ledger import Release
from tasks.stack.record import recorded_spec

COLOURS: dict[ReleaseState, str] = {
    ReleaseState.ROLLING_OUT: "yellow",
    ReleaseState.HEALTHY: "green",
    ReleaseState.FAILED: "red",
    ReleaseState.ROLLED_BACK: "dim",
}


def releases(stack: str, number: int, *, json: bool) -> None:
    """`tenfold releases`."""
    known = _known(stack)
    if json:
        runs = current(known)
        print(jsonlib.dumps({"stack": stack, "releases": [data(one, runs) for one in known[:number]]}, indent=2))
        return
    show(console(), known, number)


def show(to: Console, known: Sequence[Release], number: int) -> None:
    """The releases, the newest first; the one that is meant to run is marked."""
    if not known:
        say(to, "No release yet.")
    runs = current(known)
    lay(to, (_row(one, one is runs) for one in known[:number]), indent=0)


def diff(stack: str, first: int, second: int, *, json: bool) -> None:
    """`tenfold diff`."""
    known = _known(stack)
    runs = current(known)
    if runs is None:
        raise LedgerError(f"{stack} has no release yet.")
    after = _numbered(stack, known, second) if second else runs
    before = _numbered(stack, known, first) if first else _before(stack, known, after)
    lines = differences(before.content, after.content)
    if json:
        told = {"stack": stack, "from": before.number, "to": after.number, "differences": lines}
        print(jsonlib.dumps(told, indent=2))
        return
    to = console()
    say(to, Text.assemble((stack, "bold"), f": {before} -> {after}"))
    for line in lines or ("the same runs in both",):
        say(to, line, indent=2)


def data(one: Release, runs: Release | None) -> dict[str, Any]:
    """A release as JSON data; secrets by name and version."""
    return {
        "number": one.number,
        "state": one.state,
        "runs": one is runs,
        "verb": one.verb,
        "reason": one.reason,
        "who": one.who,
        "flow_run_id": one.flow_run_id,
        "message": one.message,
        "since": one.since,
        "ended": one.ended,
        "content": one.content.data(),
    }


def _row(one: Release, runs: bool) -> list[Cell]:
    said = (
        next(iter(one.message.splitlines()), "") if one.state in (ReleaseState.FAILED, ReleaseState.ROLLED_BACK) else ""
    )
    return [
        Text("▸" if runs else " ", "bold green"), Text(f"{one.number:>3}", "bold" if runs else ""),
        Text(one.state, COLOURS[one.state]), one.verb, Text(ago(now() - one.since), "dim"),
        f"{one.reason}: {said}" if said else one.reason,
    ]  # fmt: skip


def _known(stack: str) -> tuple[Release, ...]:
    with open_installation() as place:
        recorded_spec(place.ledger, stack)
        return place.ledger.releases(stack)


def _numbered(stack: str, known: Sequence[Release], number: int) -> Release:
    found = next((one for one in known if one.number == number), None)
    if found is None:
        numbers = ", ".join(str(one.number) for one in known)
        raise LedgerError(f"{stack} has no release {number}, or it is no longer kept. There are: {numbers}.")
    return found


def _before(stack: str, known: Sequence[Release], after: Release) -> Release:
    """The one that ran before it."""
    earlier = [one for one in known if one.number < after.number]
    found = next((one for one in earlier if one.state is ReleaseState.HEALTHY), None) or next(iter(earlier), None)
    if found is None:
        raise LedgerError(f"{stack} has no release before {after.number} to compare it with.")
    return found
