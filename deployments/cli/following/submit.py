"""From a verb to its end: the control plane, the flow run, the outcome."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from deployments.cli.app import EXIT_FAILED
from deployments.cli.following.follow import follow
from deployments.cli.following.outcome import EXIT_INTERRUPTED, page_row, show_reason
from deployments.cli.following.prefect_api import logged_in
from deployments.cli.following.progress import Progress
from deployments.cli.following.watch import Snapshot, Watch
from deployments.cli.installation import Installation, tenfold
from deployments.cli.terminal.output import Cell, console, lay, say
from deployments.cli.terminal.waiting import waiting
from deployments.cli.terminal.words import human
from deployments.server import control_plane
from infra_specs.resources.instance import links_of
from tasks.ledger import Run
from tasks.providers import preload


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A flow run to submit: the flow, its parameters, the stacks that it may change, and their fleet if it has one."""

    verb: str
    parameters: dict[str, Any]
    stacks: tuple[str, ...]
    detach: bool = False
    fleet: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the stacks; of the fleet where it is changed alone."""
        return self.stacks or tuple(filter(None, (self.fleet,)))


def carry_out(installation: Installation, request: RunRequest) -> None:
    """Submit the run, follow it, and show how it came out.

    Exits with 1 if it fails. Ctrl-C leaves the run alone, says how to come back to it, and exits with 130.
    """
    to = console()
    plane = running_control_plane(to)
    with logged_in(plane) as api:
        began, run = time.monotonic(), api.submit(request.verb, request.parameters)
        page = plane.run_page(run.id)
        if request.detach:
            say(to, f"{request.verb} is submitted. See how it goes:")
            _show_ways_back(to, request, page)
            return
        _preload_targets(installation, request.stacks)
        watch = Watch(api, run.id, request.names, _history(installation, request))
        try:
            with Progress(to, began) as progress:
                last = follow(watch, progress)
        except KeyboardInterrupt:
            say(to, f"Not followed any more; the {request.verb} goes on. Come back to it:")
            _show_ways_back(to, request, page)
            raise typer.Exit(EXIT_INTERRUPTED) from None
    if not last.flow_run.succeeded:
        _show_failure(request, last, page)
        raise typer.Exit(EXIT_FAILED)
    _show_success(to, installation, request, last, page=page, seconds=time.monotonic() - began)


def _history(installation: Installation, request: RunRequest) -> Callable[[str, int], tuple[Run, ...]]:
    """Reads the last runs of a stack, and with the first those of the fleet."""
    read = installation.ledger.runs.history

    def history(name: str, number: int) -> tuple[Run, ...]:
        of_fleet = read(request.fleet, number, "fleet") if request.fleet and name == request.names[0] else ()
        return (*of_fleet, *(read(name, number) if name in request.stacks else ()))

    return history


def _preload_targets(installation: Installation, stacks: tuple[str, ...]) -> None:
    """Import now, while the run begins, what shows where it answers in the end."""
    records = [installation.ledger.stacks.find(name) for name in stacks]
    preload(record.target for record in records if record)


def running_control_plane(to: Console) -> control_plane.ControlPlane:
    """The control plane, started if it is not up. Raises ServerError if it does not start."""
    plane = control_plane.status()
    with (
        nullcontext()
        if plane and plane.ready and not to.is_terminal
        else waiting(to, "The control plane" if plane else "Starting the control plane")
    ):
        plane = control_plane.ensure()
    for line in plane.news:
        say(to, Text.assemble(("! ", "yellow"), line))
    return plane


def _show_ways_back(to: Console, request: RunRequest, page: str) -> None:
    stack = f" {request.stacks[0]}" if len(request.stacks) == 1 else ""
    history = f"hosts history {request.fleet}" if request.fleet and not request.stacks else f"history{stack}"
    lay(to, [["command", f"{tenfold()} {history}"], ["page", Text(page, "cyan")]])


def _show_failure(request: RunRequest, last: Snapshot, page: str) -> None:
    to = console(error=True)
    show_reason(to, request.verb, last.flow_run)
    if last.flow_run.type == "CRASHED":
        say(to, "What was finished stands: give the same command again, and it goes on from there.", indent=2)
    lay(to, [page_row(page)])


def _show_success(
    to: Console, installation: Installation, request: RunRequest, last: Snapshot, *, page: str, seconds: float
) -> None:
    summary = last.flow_run.message or last.summary or "done"
    say(
        to, Text.assemble(("✓ ", "green"), (f"{request.verb}", "bold"), f": {summary} ", (f"({human(seconds)})", "dim"))
    )
    for line in last.skipped:
        say(to, Text.assemble(("! ", "yellow"), line), indent=2)
    links = _link_rows(installation, request.stacks) if request.verb != "teardown" else []
    lay(to, [*links, page_row(page)])
    if request.verb == "teardown" and last.skipped:
        say(to, f"Come back to its data with: {tenfold()} provision {request.stacks[0]}", indent=2)


def _link_rows(installation: Installation, stacks: tuple[str, ...]) -> list[list[Cell]]:
    """Where each service answers; with the stack's name where there are several stacks."""
    rows: list[list[Cell]] = []
    for name in stacks:
        if record := installation.ledger.stacks.find(name):
            stack = f"{name} " if len(stacks) > 1 else ""
            links = links_of(installation.observed(record.stack()))
            rows += [[Text(stack + service, "dim"), Text(url, "cyan")] for service, url in links.items()]
    return rows
