"""Runs: what was done, by whom, why, and how it ended."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from deployments.cli.terminal.output import Cell, lay, say
from deployments.cli.terminal.words import ago, clock_time, first_line, human
from tasks.base.clock import now
from tasks.ledger import Run, RunChange

COLOURS = {"done": "green", "failed": "red", "crashed": "red"} | dict.fromkeys(
    ("running", "intended", "overtaken"), "yellow"
)


def show_runs(to: Console, runs: Sequence[Run], *, with_changes: bool) -> None:
    """A line for each run; its changes below it if they are wanted."""
    if not runs:
        say(to, "No run yet.")
    if not with_changes:
        lay(to, map(_run_row, runs), indent=0)
        return
    for run in runs:
        lay(to, [_run_row(run)], indent=0)
        lay(to, map(_change_row, run.changes), indent=4)


def show_run(to: Console, run: Run) -> None:
    """One run with its owner, its changes and its whole message."""
    say(to, Text.assemble((f"{run.verb} {run.stack}", "bold"), f": {run.reason}"))
    rows: list[list[Cell]] = [
        [Text("state", "dim"), Text(run.state, COLOURS[run.state])],
        [Text("by", "dim"), run.who],
        [Text("began", "dim"), clock_time(run.began)],
        [Text("took", "dim"), human((run.ended or now()) - run.began)],
    ]
    lay(to, rows)
    if run.changes:
        to.print()
        lay(to, map(_change_row, run.changes))
    for line in run.message.splitlines():
        say(to, Text(line), indent=2)


def _run_row(run: Run) -> list[Cell]:
    moment = now()
    took = human((run.ended or moment) - run.began)
    outcome = f"{run.reason}: {first_line(run.message)}" if run.message else run.reason
    return [
        Text(f"{run.id:>3}", "dim"), run.stack, run.verb, Text(run.state, COLOURS[run.state]),
        Text(ago(moment - run.began), "dim"), Text(took, "dim"), outcome,
    ]  # fmt: skip


def _change_row(change: RunChange) -> list[Cell]:
    took = human(change.seconds) if change.seconds is not None else ""
    outcome = f": {first_line(change.message)}" if change.message else ""
    return [Text(change.state, COLOURS[change.state]), Text(took, "dim"), f"{change.text}{outcome}"]
