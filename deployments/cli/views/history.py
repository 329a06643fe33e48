"""What was done, by whom, why, and how it ended."""

import json as jsonlib
from dataclasses import asdict
from functools import partial

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import open_installation
from deployments.cli.terminal.output import Cell, console, lay, say
from deployments.cli.terminal.words import ago, clock_time, human
from deployments.cli.views.faults import data, end, tell
from infra_specs.stack_fault import StackFault
from tasks.base.clock import now
from tasks.base.side_by_side import look_at
from tasks.ledger import Run, RunChange
from tasks.stack.record import unknown_stack

COLOURS = {"done": "green", "failed": "red", "crashed": "red", "running": "yellow", "intended": "yellow"}


def history(stack: str, number: int, *, changes: bool, run: str, json: bool) -> None:
    """`tenfold history`."""
    with open_installation() as place:
        faults: tuple[StackFault, ...] = ()
        if run:
            runs: tuple[Run, ...] = (place.ledger.run(run),)
        else:
            names = [stack] if stack else [one.name for one in place.ledger.stacks()]
            found, faults = look_at({name: partial(place.ledger.history, name, number) for name in names})
            of_all = (one for runs_of_one in found.values() for one in runs_of_one)
            runs = tuple(sorted(of_all, key=lambda one: int(one.id), reverse=True))[:number]
        if stack and not runs and place.ledger.stack_record(stack) is None:
            raise unknown_stack(place.ledger, stack)
    if json:
        print(jsonlib.dumps({"runs": [asdict(one) for one in runs], **data(faults)}, indent=2))
        end(faults)
        return
    to = console()
    if run:
        _one(to, runs[0])
    elif not runs:
        say(to, "No run yet.")
    elif changes:
        for one in runs:
            lay(to, [_row(one)], indent=0)
            lay(to, map(_change, one.changes), indent=4)
    else:
        lay(to, map(_row, runs), indent=0)
    tell(faults)
    end(faults)


def _row(run: Run) -> list[Cell]:
    moment = now()
    took = human((run.ended or moment) - run.began)
    said = f"{run.reason}: {_first_line(run.message)}" if run.message else run.reason
    return [
        Text(f"{run.id:>3}", "dim"), run.stack, run.verb, Text(run.state, COLOURS[run.state]),
        Text(ago(moment - run.began), "dim"), Text(took, "dim"), said,
    ]  # fmt: skip


def _one(to: Console, run: Run) -> None:
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
        lay(to, map(_change, run.changes))
    for line in run.message.splitlines():
        say(to, Text(line), indent=2)


def _change(change: RunChange) -> list[Cell]:
    took = human(change.seconds) if change.seconds is not None else ""
    end = f": {_first_line(change.message)}" if change.message else ""
    return [Text(change.state, COLOURS[change.state]), Text(took, "dim"), f"{change.text}{end}"]


def _first_line(message: str) -> str:
    return next(iter(message.splitlines()), "")
