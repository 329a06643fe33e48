"""`tenfold page`: the status page in a browser."""

from typing import Annotated

import typer

from deployments.cli.app import LOOK_PANEL, app


@app.command(rich_help_panel=LOOK_PANEL)
def page(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="The stack to begin with; the first if left out.")] = "",
) -> None:
    """Open the status page in a browser, logged in. Prints the address, which is good once and for two minutes.

    It shows every stack: what runs, demand against the design, latency, price
    against budget, releases, the last changes and why. It changes nothing.

    Examples:
    tenfold page
    tenfold page shop
    """
    from deployments.cli.following.prefect_api import login_address
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.browser import open_privately
    from deployments.cli.terminal.output import console, say
    from deployments.cli.terminal.waiting import waiting
    from deployments.server import control_plane
    from deployments.server.page.files import PAGE_PATH
    from deployments.server.sessions import CODE_SECONDS
    from tasks.base.settings import settings

    if stack:
        with open_installation() as installation:
            installation.record(stack)
    to = console(error=True)  # stdout has the address alone
    with waiting(to, "The control plane"):
        plane = control_plane.ensure()
    url = "~".join((login_address(plane), "page", *((stack,) if stack else ())))
    print(url)
    once = f"It logs a browser in for a day, once, within {CODE_SECONDS:.0f} seconds."
    say(to, f"{once} After that: {plane.ui_url}{PAGE_PATH}")
    open_privately(url, settings().home)
