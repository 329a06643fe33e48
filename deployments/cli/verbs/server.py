"""`tenfold server`: the control plane, which is started, stopped, looked at and opened."""

from typing import TYPE_CHECKING

import typer

from deployments.cli.app import EXIT_FAILED, INSTALLATION_PANEL, App, app
from deployments.cli.verbs.arguments import Json

if TYPE_CHECKING:
    from deployments.server.control_plane import ControlPlane

server = App(
    help="""Start, stop and look at the control plane: Prefect's server, and what runs our flows.

    Examples:
    tenfold server status
    tenfold server start
    tenfold server open
    tenfold server stop
    tenfold server install
    """
)
app.add_typer(server, name="server", rich_help_panel=INSTALLATION_PANEL)


@server.command()
def start() -> None:
    """Start it if it does not run, and local stacks that a reboot ended. Verbs that change a stack start it, too."""
    import time

    from deployments.cli.terminal.output import console, say
    from deployments.cli.terminal.waiting import waiting
    from deployments.cli.terminal.words import human
    from deployments.server import control_plane
    from tasks.base.disk import require_space
    from tasks.base.settings import settings
    from tasks.providers.local.revive import revive

    to, began = console(), time.monotonic()
    require_space(settings().home)
    with waiting(to, "Starting the control plane"):
        plane = control_plane.ensure()
    say(to, f"The control plane is up ({human(time.monotonic() - began)}).")
    revived, faults = revive(settings().home)
    if revived:
        say(to, f"Started again: {', '.join(revived)}.")
    for line in (*plane.news, *faults):
        say(to, line)
    _show_addresses(plane)


@server.command()
def stop() -> None:
    """Stop it. Stacks run on; drift is not repaired until it is started again."""
    from deployments.cli.terminal.output import console, say
    from deployments.server import control_plane

    control_plane.stop()
    say(console(), "The control plane is stopped. Stacks run on; drift is not repaired until it is started again.")


@server.command()
def install() -> None:
    """Have it start with the machine, and all stacks with it: a systemd unit, of root's or of yours.

    Root gets a system unit. Anybody else gets a user unit, which must not wait for a login: lingering is switched on,
    or it says how. Without systemd nothing is changed, and it says what to do instead.
    """
    import os

    from deployments.cli.terminal.output import console, say
    from deployments.cli.terminal.waiting import waiting
    from deployments.server import unit
    from tasks.base.settings import settings

    to = console()
    with waiting(to, "Installing the unit"):
        notes = unit.install(settings(), os.environ)
    for note in notes:
        say(to, note)


@server.command()
def uninstall() -> None:
    """Have it start with the machine no more. What runs, runs on."""
    from deployments.cli.terminal.output import console, say
    from deployments.server import unit
    from tasks.base.settings import settings

    here = settings()
    if unit.uninstall(here):
        say(console(), f"Removed {unit.unit_of(here).path}. What runs, runs on, until the machine restarts.")
    else:
        say(console(), "No unit of this installation is installed.")


@server.command("open")
def open_ui() -> None:
    """Open its UI in a browser, logged in. Prints the address, which is good once and for two minutes."""
    from deployments.cli.following.prefect_api import login_address
    from deployments.cli.installation import tenfold
    from deployments.cli.terminal.browser import open_privately
    from deployments.cli.terminal.output import console, say
    from deployments.cli.terminal.waiting import waiting
    from deployments.server import control_plane
    from deployments.server.sessions import CODE_SECONDS
    from tasks.base.settings import settings

    to = console(error=True)  # stdout has the address alone
    with waiting(to, "The control plane"):
        plane = control_plane.ensure()
    url = login_address(plane)
    print(url)
    say(
        to,
        f"It logs a browser in for a day, once, within {CODE_SECONDS:.0f} seconds. By hand: open {plane.ui_url} and "
        f"give what this prints: {tenfold()} token",
    )
    open_privately(url, settings().home)


@server.command()
def status(json: Json = False) -> None:
    """Whether it runs, why it is not well, and where its UI is. Exit code 1 if it is not well."""
    from deployments.cli.installation import tenfold
    from deployments.cli.terminal.output import console, lay, print_json, say
    from deployments.server import control_plane
    from deployments.server.program import other_program_note
    from tasks.base.disk import require_space
    from tasks.base.settings import settings

    plane = control_plane.status()
    if json:
        print_json(status_data(plane))
        raise typer.Exit(0 if plane and plane.ready else EXIT_FAILED)
    if plane is None:
        say(console(), f"The control plane does not run. Start it with: {tenfold()} server start")
        require_space(settings().home)
        raise typer.Exit(EXIT_FAILED)
    lay(console(), [["server", plane.server], ["runner", plane.runner]], indent=0)
    if note := other_program_note(plane.program):
        say(console(), note)
    _show_addresses(plane)
    for line in "\n".join(control_plane.faults()).splitlines():
        say(console(), line)
    require_space(settings().home)
    if not plane.ready:
        raise typer.Exit(EXIT_FAILED)


def status_data(plane: "ControlPlane | None") -> dict[str, object]:
    """How the control plane is, as data; `server` and `runner` are null where none runs."""
    from deployments.server import control_plane
    from deployments.server.program import other_program_note

    if plane is None:
        return {"ready": False, "server": None, "runner": None}
    return {
        "ready": plane.ready,
        "server": plane.server,
        "runner": plane.runner,
        "ui": plane.ui_url,
        "api": plane.api_url,
        "other_program": other_program_note(plane.program) != "",
        "faults": list(control_plane.faults()),
    }


def _show_addresses(plane: "ControlPlane") -> None:
    from deployments.cli.installation import tenfold
    from deployments.cli.terminal.output import console, lay, say

    lay(console(), [["UI", plane.ui_url], ["API", plane.api_url]], indent=0)
    say(console(), f"Both want a login. A browser: {tenfold()} server open. A program: {tenfold()} token")
