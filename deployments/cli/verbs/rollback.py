"""`tenfold rollback`: go back to an earlier release."""

from typing import Annotated

import typer

from deployments.cli.app import CHANGE_PANEL, app
from deployments.cli.verbs.arguments import HIGHEST_NUMBER, Detach, Stack, Wait

Number = Annotated[
    int,
    typer.Argument(
        metavar="N",
        min=0,
        max=HIGHEST_NUMBER,
        show_default=False,
        help="Its number; the last other one if left out.",
    ),
]


@app.command(rich_help_panel=CHANGE_PANEL)
def rollback(stack: Stack, release: Number = 0, wait: Wait = False, detach: Detach = False) -> None:
    """Go back to an earlier release: images, commands, environment, secrets.

    The counts stay as they are, and so does the data.

    Examples:
    tenfold rollback shop
    tenfold rollback shop 3
    """
    from rich.text import Text

    from deployments.cli.following.submit import RunRequest, carry_out
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, say
    from deployments.cli.verbs.new_release import show_new_release
    from tasks.stack.record import recorded_snapshot
    from tasks.stack.release import rollback_target

    with open_installation() as installation:
        snapshot = recorded_snapshot(installation.ledger, stack)
        target = rollback_target(installation.ledger, snapshot, release)
        say(console(), Text.assemble((stack, "bold"), f": back to {target}"))
        show_new_release(snapshot, target.content)
        # The number that was shown and not 0: a run that was cut off and is made again goes to the same release.
        parameters = {"stack": stack, "release": target.number, "wait": wait}
        carry_out(installation, RunRequest("rollback", parameters, (stack,), detach))
