"""`tenfold logs`: what the processes of a stack wrote."""

import time
from typing import Annotated

import typer

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Stack

PAUSE_SECONDS = 0.3


@app.command(rich_help_panel=LOOK_PANEL)
def logs(
    stack: Stack,
    name: Annotated[
        str, typer.Argument(metavar="SERVICE|ADDRESS", help="A service, or one address; everything if left out.")
    ] = "",
    lines: Annotated[
        int, typer.Option("-n", "--lines", min=0, max=100_000, help="The last so many lines of each.")
    ] = 50,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what is written from now on.")] = False,
) -> None:
    """What the processes of a stack wrote; sick ones that are kept for their log, too.

    Examples:
    tenfold logs shop web -f
    tenfold logs shop replica/web-0
    tenfold logs shop database -n 200
    """
    from functools import partial

    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console
    from deployments.cli.views.logs import LogPrinter
    from tasks.stack.record import recorded_spec

    with open_installation() as installation:
        spec, _ = recorded_spec(installation.ledger, stack)
        with installation.target(spec) as provider:
            learn = partial(installation.ledger.secrets.learn, stack)
            printer = LogPrinter(console(), provider, stack, name, learn=learn, follow=follow)
            printer.show_last(lines)
            try:
                while follow:
                    time.sleep(PAUSE_SECONDS)  # until a person ends it
                    printer.show_new()
            except KeyboardInterrupt:
                printer.finish()
