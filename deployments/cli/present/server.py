"""The control plane: started, stopped, looked at."""

import time

import typer

from deployments import control_plane
from deployments.cli.app import failed
from deployments.cli.here import tenfold
from deployments.cli.present.terminal import console, lay, say
from deployments.cli.present.waiting import waiting
from deployments.cli.present.words import human


def start() -> None:
    """`tenfold server start`."""
    to, began = console(), time.monotonic()
    with waiting(to, "Starting the control plane"):
        plane = control_plane.ensure()
    say(to, f"The control plane is up ({human(time.monotonic() - began)}).")
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
        raise typer.Exit(failed)
    lay(console(), [["server", plane.server], ["runner", plane.runner]], indent=0)
    _where(plane)
    if not plane.ready:
        raise typer.Exit(failed)


def _where(plane: control_plane.ControlPlane) -> None:
    lay(console(), [["UI", plane.ui_url], ["API", plane.api_url]], indent=0)
