"""How the points of a doctor look: the sign, the point, what was seen, and below it what to do."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from deployments.cli.terminal.output import Cell, lay, say
from deployments.cli.terminal.words import counted
from infra_specs.installed.check import Check

SIGNS = {"ok": ("✓", "green"), "note": ("!", "yellow"), "fault": ("✗", "red")}


def show_points(to: Console, checks: Iterable[Check]) -> None:
    """All points in a table, and how many of them stop something."""
    checks, rows = tuple(checks), list[list[Cell]]()
    for check in checks:
        sign, style = SIGNS[check.state]
        rows.append([Text(sign, style), check.point, check.seen])
        if check.advice:
            rows.append(["", "", Text(f"-> {check.advice}", "dim")])
    lay(to, rows, indent=0)
    faults = sum(check.state == "fault" for check in checks)
    say(to, f"{counted(faults, 'fault')}." if faults else "No fault.")
