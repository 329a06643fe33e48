"""`tenfold reconcile`: look for drift and repair it now."""

from deployments.cli.app import CHANGE_PANEL, app
from deployments.cli.verbs.arguments import Detach, StackOrAll


@app.command(rich_help_panel=CHANGE_PANEL)
def reconcile(stack: StackOrAll = "", detach: Detach = False) -> None:
    """Look for drift and repair it now. A schedule does the same all the time.

    Examples:
    tenfold reconcile shop
    tenfold reconcile
    """
    from deployments.cli.following.submit import RunRequest, carry_out
    from deployments.cli.installation import open_installation
    from tasks.stack.record import recorded_spec

    with open_installation() as installation:
        if stack:
            recorded_spec(installation.ledger, stack)
            stacks: tuple[str, ...] = (stack,)
        else:
            stacks = tuple(record.name for record in installation.ledger.stacks.all() if record.wanted)
        carry_out(installation, RunRequest("reconcile", {"stack": stack}, stacks, detach))
