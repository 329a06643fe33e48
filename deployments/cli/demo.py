"""The whole story for a newcomer, in one command."""

import time
from collections.abc import Iterator
from datetime import datetime
from importlib import resources
from pathlib import Path

import httpx
import typer
from rich.box import HORIZONTALS
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from deployments.cli.app import EXIT_FAILED
from deployments.cli.following.submit import RunRequest, carry_out, running
from deployments.cli.installation import Installation, StackArgument, from_file, open_installation, tenfold
from deployments.cli.terminal.output import columns, console, say
from deployments.cli.terminal.words import human
from deployments.cli.views import plan as present
from infra_specs.desired import desired_from_spec
from infra_specs.errors import ServerError
from infra_specs.plan.make_plan import make_plan
from infra_specs.resources.instance import Instance, links_of
from infra_specs.resources.services import holds_copies
from tasks.base.clock import now
from tasks.providers.labels import name_of
from tasks.providers.local.stack_folder import StackFolder, slug
from tasks.stack.record import snapshot_of
from tasks.supervisor.client import Supervisor

SERVICE = "web"
ANSWER_SECONDS = 10.0
BOX_WIDTH = 100


def demo() -> None:
    """`tenfold demo`. Exits with 0 only if the app's page answered 200."""
    to, began = console(), time.monotonic()
    say(to, Text("This runs a small web app with a PostgreSQL, a Valkey and a proxy on this machine, sized for its "
                 "users times ten, and shows how. Nothing of it needs root or Docker."))  # fmt: skip
    with resources.as_file(resources.files("infra_specs") / "stacks" / "quickstart.yaml") as path:
        meant = from_file(path)
    with open_installation() as place:
        _step(to, f"1. What will be built, from {_short(path)}")
        _show_plan(to, place, meant)
        _step(to, "2. The control plane: Prefect's server, and the process that runs our flows")
        at = time.monotonic()
        plane = running(to)
        say(to, Text.assemble(("✓ ", "green"), f"up at {plane.ui_url} ", (f"({human(time.monotonic() - at)})", "dim")),
            indent=2)  # fmt: skip
        _step(to, "3. The stack, by a run of the flow provision")
        carry_out(place, RunRequest("provision", meant.parameters, (meant.stack.name,)))
        instances = place.observed(meant.stack)
        url = links_of(instances)[SERVICE]
        refuse_silent(url)
        to.print()
        _box(to, place, instances, url=url, ui=plane.ui_url, took=human(time.monotonic() - began))


def _step(to: Console, text: str) -> None:
    to.print()
    say(to, Text(text, "bold cyan"))


def _show_plan(to: Console, place: Installation, meant: StackArgument) -> None:
    wished = desired_from_spec(snapshot_of(place.ledger, meant.stack, meant.source))
    made = make_plan(meant.stack.name, wished.resources, place.observed(meant.stack))
    present.show(to, wished, made, datetime.fromtimestamp(now()).astimezone().date())


def refuse_silent(url: str) -> None:
    """Raise ServerError if the app's page does not answer; exit with 1 if it answers anything but 200."""
    try:
        answer = httpx.get(url, timeout=ANSWER_SECONDS, trust_env=False)
    except httpx.TransportError as error:
        raise ServerError(f"The app's page {url} does not answer ({error}). Look at: {tenfold()} status") from error
    if answer.status_code != httpx.codes.OK:
        say(console(error=True), f"The app's page {url} answers {answer.status_code}. Look at: {tenfold()} logs "
            f"quickstart {SERVICE}")  # fmt: skip
        raise typer.Exit(EXIT_FAILED)


def _box(to: Console, place: Installation, instances: tuple[Instance, ...], *, url: str, ui: str, took: str) -> None:
    found = {one.kind: one for one in instances if one.live}
    replicas = [one for one in instances if holds_copies(one.kind) and one.live]
    stack, program = instances[0].stack, tenfold()
    settings = StackFolder(place.settings.home, stack).settings
    title = Text.assemble((f"{stack} runs", "bold green"), (f"  after {took}", "dim"))
    what: list[list[Text | str]] = [
        [Text("app", "dim"), Text(url, "bold cyan")],
        *_server("PostgreSQL", found["database"], settings, "json"),
        *_server("Valkey", found["cache"], settings, "conf"),
        [Text("Prefect UI", "dim"), Text(ui, "bold cyan")],
    ]
    pid = _pid(place, replicas[-1]) if replicas else None
    tries: list[list[str]] = [
        ["open the UI", f"{program} server open"],
        ["scale it", f"{program} scale {stack} {SERVICE} 5"],
        ["break it", f"kill -9 {pid}" if pid else f"{program} logs {stack} {SERVICE}"],
        ["watch it heal", f"{program} status {stack}"],
        ["take it down", f"{program} teardown {stack}"],
    ]
    inner = Console(width=min(to.width, BOX_WIDTH) - 4, no_color=to.no_color)
    lines = [
        *columns(inner, what, indent=0),
        Text(),
        Text("What to try next", "bold"),
        *columns(inner, [[Text(what_for, "dim"), command] for what_for, command in tries], indent=0),
    ]
    # No lines at the sides: a command that is marked with the mouse shall be a command alone.
    panel = Panel(Text("\n").join(lines), HORIZONTALS, title=title, border_style="green", expand=False, padding=(1, 1))
    to.print(panel)


def _server(name: str, one: Instance, settings: Path, suffix: str) -> Iterator[list[Text | str]]:
    """Where it listens, and which file holds its password. Only who owns the stack can read that."""
    file = settings / f"{slug(one.address, one.incarnation)}.{suffix}"
    yield [Text(name, "dim"), f"{one.outputs['host']}:{one.outputs['port']}"]
    yield ["", Text(f"its password is in {_short(file)}", "dim")]


def _pid(place: Installation, replica: Instance) -> int | None:
    supervisor = Supervisor.find(StackFolder(place.settings.home, replica.stack).supervisor)
    status = supervisor.get(name_of(replica.address, replica.incarnation)) if supervisor else None
    return status.pid if status else None


def _short(path: Path) -> str:
    for folder, name in ((Path.cwd(), ""), (Path.home(), "~/")):
        if path.is_relative_to(folder):
            return f"{name}{path.relative_to(folder)}"
    return str(path)
