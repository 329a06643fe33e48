"""What `tenfold demo` shows: its steps, and at the end a box with everything to look at and to try."""

from collections.abc import Iterator
from pathlib import Path

from rich.box import HORIZONTALS
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from deployments.cli.installation import Installation, tenfold
from deployments.cli.terminal.output import Cell, columns, say
from deployments.cli.terminal.words import human
from infra_specs.resources.instance import Instance
from infra_specs.resources.services import holds_copies
from tasks.providers.labels import name_of
from tasks.providers.local.stack_folder import StackFolder, slug
from tasks.supervisor.client import Supervisor

BOX_WIDTH = 100
SERVICE = "web"
"""The service of the demo's stack that answers in a browser."""


def show_introduction(to: Console) -> None:
    """The sentence that the demo begins with."""
    say(to, Text("This runs a small web app with a PostgreSQL, a Valkey and a proxy on this machine, sized for its "
                 "users times ten, and shows how. Nothing of it needs root or Docker."))  # fmt: skip


def show_step(to: Console, text: str) -> None:
    """The heading of a step."""
    to.print()
    say(to, Text(text, "bold cyan"))


def show_control_plane(to: Console, url: str, seconds: float) -> None:
    """Where the control plane answers, and how long its start took."""
    say(to, Text.assemble(("✓ ", "green"), f"up at {url} ", (f"({human(seconds)})", "dim")), indent=2)


def show_end(
    to: Console, installation: Installation, instances: tuple[Instance, ...], *, url: str, ui: str, seconds: float
) -> None:
    """A box with the addresses of the stack, and commands to try next."""
    stack = instances[0].stack
    inner = Console(width=min(to.width, BOX_WIDTH) - 4, no_color=to.no_color)
    lines = [
        *columns(inner, _address_rows(installation, instances, url=url, ui=ui), indent=0),
        Text(),
        Text("What to try next", "bold"),
        *columns(
            inner,
            [[Text(purpose, "dim"), command] for purpose, command in _commands(installation, instances)],
            indent=0,
        ),
    ]
    title = Text.assemble((f"{stack} runs", "bold green"), (f"  after {human(seconds)}", "dim"))
    # Without lines at the sides, so that a command can be selected with the mouse.
    panel = Panel(Text("\n").join(lines), HORIZONTALS, title=title, border_style="green", expand=False, padding=(1, 1))
    to.print()
    to.print(panel)


def short_path(path: Path) -> str:
    """A path from the current folder on, or from the home folder on, where it is below one of them."""
    for folder, name in ((Path.cwd(), ""), (Path.home(), "~/")):
        if path.is_relative_to(folder):
            return f"{name}{path.relative_to(folder)}"
    return str(path)


def _address_rows(
    installation: Installation, instances: tuple[Instance, ...], *, url: str, ui: str
) -> Iterator[list[Cell]]:
    by_kind = {instance.kind: instance for instance in instances if instance.live}
    settings = StackFolder(installation.settings.home, instances[0].stack).settings
    yield [Text("app", "dim"), Text(url, "bold cyan")]
    yield from _server_rows("PostgreSQL", by_kind["database"], settings, "json")
    yield from _server_rows("Valkey", by_kind["cache"], settings, "conf")
    yield [Text("Prefect UI", "dim"), Text(ui, "bold cyan")]


def _server_rows(name: str, instance: Instance, settings: Path, suffix: str) -> Iterator[list[Cell]]:
    """Where a server listens, and the file with its password, which only the owner of the stack can read."""
    file = settings / f"{slug(instance.address, instance.incarnation)}.{suffix}"
    yield [Text(name, "dim"), f"{instance.outputs['host']}:{instance.outputs['port']}"]
    yield ["", Text(f"its password is in {short_path(file)}", "dim")]


def _commands(installation: Installation, instances: tuple[Instance, ...]) -> Iterator[tuple[str, str]]:
    stack, program = instances[0].stack, tenfold()
    replicas = [instance for instance in instances if holds_copies(instance.kind) and instance.live]
    pid = _pid(installation, replicas[-1]) if replicas else None
    yield "open the UI", f"{program} server open"
    yield "scale it", f"{program} scale {stack} {SERVICE} 5"
    yield "break it", f"kill -9 {pid}" if pid else f"{program} logs {stack} {SERVICE}"
    yield "watch it heal", f"{program} status {stack}"
    yield "take it down", f"{program} teardown {stack}"


def _pid(installation: Installation, replica: Instance) -> int | None:
    supervisor = Supervisor.find(StackFolder(installation.settings.home, replica.stack).supervisor)
    status = supervisor.get(name_of(replica.address, replica.incarnation)) if supervisor else None
    return status.pid if status else None
