"""The control plane: started, stopped, looked at, opened."""

import os
import time
import webbrowser
from pathlib import Path

import typer

from deployments.cli.app import EXIT_FAILED
from deployments.cli.following.prefect_api import login_address
from deployments.cli.installation import tenfold
from deployments.cli.terminal.output import console, lay, say
from deployments.cli.terminal.waiting import waiting
from deployments.cli.terminal.words import human
from deployments.cli.views.open import has_browser
from deployments.server import control_plane
from deployments.server.login import callers_login
from deployments.server.sessions import CODE_SECONDS
from tasks.base.settings import settings


def start() -> None:
    """`tenfold server start`."""
    to, began = console(), time.monotonic()
    with waiting(to, "Starting the control plane"):
        plane = control_plane.ensure()
    say(to, f"The control plane is up ({human(time.monotonic() - began)}).")
    for line in plane.news:
        say(to, line)
    _where(plane)


def stop() -> None:
    """`tenfold server stop`."""
    control_plane.stop()
    say(console(), "The control plane is stopped. Stacks run on; drift is not repaired until it is started again.")


def status() -> None:
    """`tenfold server status`."""
    plane = control_plane.status()
    if plane is None:
        say(console(), f"The control plane does not run. Start it with: {tenfold()} server start")
        raise typer.Exit(EXIT_FAILED)
    lay(console(), [["server", plane.server], ["runner", plane.runner]], indent=0)
    _where(plane)
    if not plane.ready:
        raise typer.Exit(EXIT_FAILED)


def open_ui() -> None:
    """`tenfold server open`: an address that logs a browser in, opened where there is a browser."""
    with waiting(console(error=True), "The control plane"):
        plane = control_plane.ensure()
    url = login_address(plane)
    print(url)
    say(
        console(error=True),
        f"It logs a browser in for a day, once, within {CODE_SECONDS:.0f} seconds. By hand: open {plane.ui_url} and "
        f"give what this prints: {tenfold()} token",
    )
    if has_browser():
        webbrowser.open(_page_that_leads_to(url).as_uri())


def _page_that_leads_to(url: str) -> Path:
    """A page of this account's own: everybody can read a browser's arguments, and the address logs in."""
    path = settings().home / "control" / "open.html"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0;url={url}"><title>Tenfold</title>')
    return path


def token() -> None:
    """`tenfold token`."""
    print(callers_login(settings()).text)


def _where(plane: control_plane.ControlPlane) -> None:
    lay(console(), [["UI", plane.ui_url], ["API", plane.api_url]], indent=0)
    say(console(), f"Both want a login. A browser: {tenfold()} server open. A program: {tenfold()} token")
