"""`tenfold version`: which program this is, how it was installed, and whether the control plane runs the same."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from deployments.cli.app import EXIT_FAILED, INSTALLATION_PANEL, app
from deployments.cli.verbs.arguments import Json

if TYPE_CHECKING:
    from infra_specs.installed.way import InstalledBy


@app.command(rich_help_panel=INSTALLATION_PANEL)
def version(
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the control plane that runs; exit code 1 if it is another.")
    ] = False,
    json: Json = False,
) -> None:
    """The version of this program, how it was installed, and what it runs on.

    Examples:
    tenfold version
    tenfold version --check
    """
    from deployments.cli.terminal.output import console, lay, print_json, say

    data = version_data(check=check)
    if json:
        print_json(data)
    else:
        lay(console(), [[name, str(data[name])] for name in ("tenfold", "code", "python", "prefect", "installed by")],
            indent=0)  # fmt: skip
        if check:
            say(console(), data["note"] or f"The control plane {'runs the same code' if data['runs'] else 'is down'}.")
    if check and data["note"]:
        raise typer.Exit(EXIT_FAILED)


def version_data(*, check: bool) -> dict[str, Any]:
    """What the verb shows, as data. With `check` also what runs, and a note if that is another program."""
    import platform
    from importlib import metadata

    from deployments.server import control_plane
    from deployments.server.program import other_program_note, program_digest

    data: dict[str, Any] = {
        "tenfold": metadata.version("tenfold"),
        "code": program_digest(),
        "python": platform.python_version(),
        "prefect": metadata.version("prefect"),
        "installed by": str(how_installed()),
    }
    if check:
        plane = control_plane.status()
        data |= {"runs": plane.program if plane else None, "note": other_program_note(plane.program) if plane else ""}
    return data


def how_installed() -> "InstalledBy":
    """How this very program was installed."""
    import json
    import sys
    from importlib import metadata
    from pathlib import Path

    from infra_specs.installed.way import installed_by

    package = metadata.distribution("tenfold")
    direct = json.loads(package.read_text("direct_url.json") or "{}")
    files = {path.name for path in Path(sys.prefix).iterdir()}
    return installed_by(files, (package.read_text("INSTALLER") or "").strip(), direct, sys.executable)
