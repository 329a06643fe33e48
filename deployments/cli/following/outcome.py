"""How a run came out, as the command line says it."""

from rich.console import Console
from rich.text import Text

from deployments.cli.following.prefect_api import FlowRun
from deployments.cli.terminal.output import Cell, say

EXIT_INTERRUPTED = 130
"""The exit code of a command that was ended by Ctrl-C."""


def page_row(url: str) -> list[Cell]:
    """The row with the page of a run in Prefect's UI."""
    return [Text("page", "dim"), Text(url, "cyan")]


def show_reason(to: Console, verb: str, flow_run: FlowRun) -> None:
    """The state that a run ended in, and why."""
    say(to, Text(f"{verb} {flow_run.state.lower()}", "bold red"))
    for line in (flow_run.message or "It gives no reason; its page shows its log.").splitlines():
        say(to, Text(line), indent=2)
