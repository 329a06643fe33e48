"""`tenfold down`: the way back from `tenfold up`."""

from deployments.cli.app import BEGIN_PANEL, app
from deployments.cli.verbs.arguments import Env, FileHere, Wait, file_here


@app.command(rich_help_panel=BEGIN_PANEL)
def down(file_or_stack: FileHere = "", env: Env = "", wait: Wait = False) -> None:
    """Take a stack down. Its data stays, and `tenfold up` comes back to it.

    Examples:
    tenfold down
    tenfold down shop
    """
    from deployments.cli.installation import open_installation, resolve_stack
    from deployments.cli.verbs.teardown import teardown

    with open_installation() as installation:
        name = resolve_stack(installation.ledger, file_or_stack or file_here(), env=env).stack.name
    teardown(name, wait=wait)
