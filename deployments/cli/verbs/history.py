"""`tenfold history`: what was done to a stack."""

from typing import Annotated

import typer

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Json, StackOrAll


@app.command(rich_help_panel=LOOK_PANEL)
def history(
    stack: StackOrAll = "",
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=10_000, help="At most so many runs.")] = 20,
    changes: Annotated[bool, typer.Option("--changes", help="With every change of each run.")] = False,
    run: Annotated[str, typer.Option("--run", metavar="ID", help="One run, with its changes and message.")] = "",
    json: Json = False,
) -> None:
    """What was done to a stack, by whom, why, and how it ended. The newest first.

    A full disk is said below it, and the exit code is then 1.

    Examples:
    tenfold history shop
    tenfold history --run 12
    """
    from dataclasses import asdict

    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views import faults
    from deployments.cli.views.history import show_run, show_runs
    from tasks.base.disk import require_space

    with open_installation() as installation:
        runs, silent = ((installation.ledger.runs.get(run),), ()) if run else installation.history(stack, number)
        if stack and not runs:
            installation.record(stack)  # raises for an unknown stack
    if json:
        print_json({"runs": [asdict(entry) for entry in runs], **faults.data(silent)})
    else:
        if run:
            show_run(console(), runs[0])
        else:
            show_runs(console(), runs, with_changes=changes)
        faults.show(silent)
    require_space(installation.settings.home)
    faults.exit_if_any(silent)
