"""`tenfold backup`: back up a stack's data, and prove it by restoring it; or print the key of the backups."""

from typing import Annotated

import typer

from deployments.cli.app import CHANGE_PANEL, app
from deployments.cli.verbs.arguments import Detach

KEY = "key"
"""What stands in a stack's place to have the key printed."""


@app.command(rich_help_panel=CHANGE_PANEL)
def backup(
    stack: Annotated[str, typer.Argument(metavar="STACK|key", help="The stack's name, or `key`.")],
    detach: Detach = False,
) -> None:
    """Back up a stack's data, and prove it by restoring it beside the data.

    This happens every night by itself. With `key` in the stack's place it prints
    the key that opens all backups: keep it elsewhere, or they are lost with
    this machine.

    Examples:
    tenfold backup shop
    tenfold backup key
    """
    from deployments.cli.following.submit import RunRequest, carry_out
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console
    from tasks.backups.sealed import identity_of
    from tasks.stack.record import recorded_spec

    with open_installation() as installation:
        if stack == KEY:
            console().out(identity_of(installation.settings.home, shown=True), highlight=False)
            return
        recorded_spec(installation.ledger, stack)
        carry_out(installation, RunRequest("backup", {"stack": stack}, (stack,), detach))
