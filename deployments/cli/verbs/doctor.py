"""`tenfold doctor`: whether this machine can run Tenfold, or a project keeps what every app promises."""

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.app import BEGIN_PANEL, EXIT_FAILED, app
from deployments.cli.verbs.arguments import Json

if TYPE_CHECKING:
    from pathlib import Path

    from infra_specs.installed.check import Check
    from infra_specs.installed.machine import MachineFacts
    from infra_specs.installed.versions import Difference


@app.command(rich_help_panel=BEGIN_PANEL)
def doctor(
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="A project with its stack.yaml; this machine if left out.")
    ] = "",
    json: Json = False,
) -> None:
    """Look whether this machine can run Tenfold, or whether a project keeps the app contract.

    Each point says what was seen, and what to do. Touches nothing. Exit code 1
    if something stops it.

    Examples:
    tenfold doctor
    tenfold doctor .
    """
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views.points import show_points
    from infra_specs.installed.machine import machine_checks

    checks = project_checks(folder) if folder else machine_checks(machine_facts())
    if json:
        print_json({"checks": [check.data() for check in checks]})
    else:
        show_points(console(), checks)
    if any(check.state == "fault" for check in checks):
        raise typer.Exit(EXIT_FAILED)


def project_checks(folder: str) -> "tuple[Check, ...]":
    """The points of the contract for the project in this folder. Raises SpecError if it has no stack file."""
    from pathlib import Path

    from deployments.cli.installation import from_file, tenfold
    from infra_specs.errors import SpecError
    from infra_specs.installed.contract import contract_checks
    from infra_specs.projects.folder import STACK_FILES
    from tasks.base.read_project import read_project

    top = Path(folder)
    if not top.is_dir():
        raise SpecError(f"There is no folder {folder}. Give the folder of a project, or nothing for this machine.")
    file = next((top / name for name in STACK_FILES if (top / name).is_file()), None)
    if file is None:
        raise SpecError(f"{top.absolute()} has no {STACK_FILES[0]}. Make one there: {tenfold()} init")
    return contract_checks(read_project(top.absolute()), from_file(file).stack)


def machine_facts() -> "MachineFacts":
    """What can be read on this machine. Nothing is started."""
    import shutil
    import sys

    from deployments.server import control_plane
    from deployments.server.program import other_program_note
    from infra_specs.installed.machine import MachineFacts
    from tasks.base.settings import settings

    here = settings()
    plane = control_plane.status()
    engine, engine_fault, ahead = _engine()
    state = "down" if plane is None else "healthy" if plane.ready else f"{plane.server}, {plane.runner}"
    return MachineFacts(
        python=sys.version_info[:3],
        differences=package_differences(),
        home=str(here.home),
        free_bytes=shutil.disk_usage(_existing(here.home)).free,
        home_fault=_home_fault(here.home),
        port=plane.port if plane else here.server_port,
        port_state="ours" if plane else _port_state(here.server_port),
        plane=state,
        other_code=other_program_note(plane.program) if plane else "",
        login_fault=_login_fault(here.home),
        engine=engine,
        engine_fault=engine_fault,
        clock_ahead_seconds=ahead,
        is_synchronised=_is_synchronised(),
    )


def package_differences() -> "tuple[Difference, ...]":
    """The packages of this environment that are not as locked."""
    from importlib import metadata

    from packaging.utils import canonicalize_name

    from infra_specs.installed.versions import differences
    from tasks.base.shipped import shipped

    installed = {str(canonicalize_name(package.name)): package.version for package in metadata.distributions()}
    required = metadata.requires("tenfold") or []
    return differences(shipped("requirements/run.txt").read_text(encoding="utf-8"), required, installed)


def _existing(path: "Path") -> "Path":
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _home_fault(home: "Path") -> str:
    import os

    from tasks.base.disk import explanation, has_space

    folder = _existing(home)
    if not os.access(folder, os.W_OK):
        return f"{folder} cannot be written to by this account"
    return "" if has_space(folder) else explanation(home)


def _port_state(port: int) -> str:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return "taken"
    return "free"


def _login_fault(home: "Path") -> str:
    from deployments.server.login import read_login
    from infra_specs.errors import TenfoldError

    try:
        read_login(home)
    except TenfoldError as error:
        return str(error)
    return ""


def _engine() -> tuple[str, str, float | None]:
    """The engine's version, or why there is none, and how far its clock is ahead."""
    from infra_specs.errors import ProviderError
    from tasks.providers import engine_facts

    try:
        version, ahead = engine_facts()
    except ProviderError as error:
        return "", str(error), None
    return version, "", ahead


def _is_synchronised() -> bool | None:
    """Whether systemd says that the clock follows a time server; None where it does not say."""
    import subprocess

    command = ["timedatectl", "show", "--property", "NTPSynchronized", "--value"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(answer)
