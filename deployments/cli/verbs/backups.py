"""`tenfold backups`: the backups of a stack, and which of them count."""

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Json, Stack


@app.command(rich_help_panel=LOOK_PANEL)
def backups(stack: Stack, json: Json = False) -> None:
    """The backups of a stack, the newest first. Only a proven one counts.

    They are read from their store, with the key alone.

    Examples:
    tenfold backups shop
    tenfold backups shop --json
    """
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views import backups as view
    from tasks.backups import catalog

    with open_installation() as installation:
        spec = installation.record(stack).stack()
        vault = catalog.open_vault(installation.ledger, spec, installation.settings.home)
        known = catalog.backups(vault, stack)
    if json:
        print_json({"stack": stack, "backups": view.data(known)})
    else:
        view.show(console(), stack, known)
