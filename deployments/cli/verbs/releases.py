"""`tenfold releases`: the releases of a stack."""

from typing import Annotated

import typer

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Json, Stack


@app.command(rich_help_panel=LOOK_PANEL)
def releases(
    stack: Stack,
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=10_000, help="At most so many.")] = 20,
    json: Json = False,
) -> None:
    """The releases of a stack: what changed, by whom, and how it came out.

    Examples:
    tenfold releases shop
    """
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views.releases import data, show
    from infra_specs.releases.selection import current

    with open_installation() as installation:
        every_release = installation.releases(stack)
    running = current(every_release)
    newest = every_release[:number]
    if json:
        print_json({"stack": stack, "releases": [data(release, running) for release in newest]})
    else:
        show(console(), newest, running)
