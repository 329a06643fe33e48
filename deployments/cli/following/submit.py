"""From a verb to its end: the control plane, the flow run, the outcome."""

import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from deployments.cli.app import EXIT_FAILED
from deployments.cli.following.follow import follow
from deployments.cli.following.prefect_api import logged_in
from deployments.cli.following.progress import Progress
from deployments.cli.following.watch import Snapshot, Watch
from deployments.cli.installation import Installation, tenfold
from deployments.cli.terminal.output import console, lay, say
from deployments.cli.terminal.waiting import waiting
from deployments.cli.terminal.words import human
from deployments.server import control_plane
from infra_specs.resources.instance import links_of

EXIT_INTERRUPTED = 130
"""The exit code of a command that was ended by Ctrl-C."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A flow run to be made: which flow, with what, and the stacks that it may change."""

    verb: str
    parameters: dict[str, Any]
    stacks: tuple[str, ...]
    detach: bool = False


def carry_out(place: Installation, order: RunRequest) -> None:
    """Submit the run, follow it, and say how it came out.

    Exits with 1 if it fails. Ctrl-C leaves the run alone, says how to come back to it, and exits with 130.
    """
    to = console()
    plane = running(to)
    with logged_in(plane) as api:
        began, run = time.monotonic(), api.submit(order.verb, order.parameters)
        page = f"{plane.ui_url}/v2/runs/flow-run/{run.id}"
        if order.detach:
            say(to, f"{order.verb} is submitted. See how it goes:")
            _ways_back(to, order, page)
            return
        watch = Watch(api, run.id, order.stacks, place.ledger.history)
        try:
            with Progress(to, began) as progress:
                seen = follow(watch, progress)
        except KeyboardInterrupt:
            say(to, f"Not followed any more; the {order.verb} goes on. Come back to it:")
            _ways_back(to, order, page)
            raise typer.Exit(EXIT_INTERRUPTED) from None
    if not seen.flow_run.succeeded:
        _say_failed(order, seen, page)
        raise typer.Exit(EXIT_FAILED)
    _say_done(to, place, order, seen, page=page, took=human(time.monotonic() - began))


def running(to: Console) -> control_plane.ControlPlane:
    """The control plane, started if it is not up."""
    known = control_plane.status()
    with (
        nullcontext()
        if known and known.ready and not to.is_terminal
        else waiting(to, "The control plane" if known else "Starting the control plane")
    ):
        plane = control_plane.ensure()
    for line in plane.news:
        say(to, Text.assemble(("! ", "yellow"), line))
    return plane


def _ways_back(to: Console, order: RunRequest, page: str) -> None:
    stack = f" {order.stacks[0]}" if len(order.stacks) == 1 else ""
    lay(to, [["command", f"{tenfold()} history{stack}"], ["page", Text(page, "cyan")]])


def _say_failed(order: RunRequest, seen: Snapshot, page: str) -> None:
    to = console(error=True)
    run = seen.flow_run
    say(to, Text(f"{order.verb} {run.state.lower()}", "bold red"))
    for line in (run.message or "It gives no reason; its page shows its log.").splitlines():
        say(to, Text(line), indent=2)
    if run.type == "CRASHED":
        say(to, "What was finished stands: give the same command again, and it goes on from there.", indent=2)
    lay(to, [[Text("page", "dim"), Text(page, "cyan")]])


def _say_done(to: Console, place: Installation, order: RunRequest, seen: Snapshot, *, page: str, took: str) -> None:
    summary = seen.flow_run.message or seen.summary or "done"
    say(to, Text.assemble(("✓ ", "green"), (f"{order.verb}", "bold"), f": {summary} ", (f"({took})", "dim")))
    for left in seen.left:
        say(to, Text.assemble(("! ", "yellow"), left), indent=2)
    links = _links(place, order.stacks) if order.verb != "teardown" else []
    lay(to, [*links, [Text("page", "dim"), Text(page, "cyan")]])
    if order.verb == "teardown" and seen.left:
        say(to, f"Come back to its data with: {tenfold()} provision {order.stacks[0]}", indent=2)


def _links(place: Installation, stacks: tuple[str, ...]) -> list[list[Text | str]]:
    found: list[list[Text | str]] = []
    for name in stacks:
        if known := place.ledger.stack_record(name):
            stack = f"{name} " if len(stacks) > 1 else ""
            links = links_of(place.observed(known.stack()))
            found += [[Text(stack + service, "dim"), Text(url, "cyan")] for service, url in links.items()]
    return found
