"""`tenfold diff`: what changed from one release to another."""

from typing import Annotated

import typer

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import HIGHEST_NUMBER, Json, Stack

First = Annotated[
    int,
    typer.Argument(
        metavar="A", min=0, max=HIGHEST_NUMBER, show_default=False, help="A release; else the one before B."
    ),
]
Second = Annotated[
    int,
    typer.Argument(metavar="B", min=0, max=HIGHEST_NUMBER, show_default=False, help="Another; else the one that runs."),
]


@app.command(rich_help_panel=LOOK_PANEL)
def diff(stack: Stack, first: First = 0, second: Second = 0, json: Json = False) -> None:
    """What changed from one release to another. Secrets are told by version.

    Examples:
    tenfold diff shop          what the last deploy changed
    tenfold diff shop 3        from release 3 to what runs
    tenfold diff shop 3 5
    """
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views.releases import show_differences
    from infra_specs.releases.differences import differences
    from infra_specs.releases.selection import releases_to_compare

    with open_installation() as installation:
        before, after = releases_to_compare(stack, installation.releases(stack), first, second)
    lines = differences(before.content, after.content)
    if json:
        print_json({"stack": stack, "from": before.number, "to": after.number, "differences": lines})
    else:
        show_differences(console(), stack, before, after, lines)
