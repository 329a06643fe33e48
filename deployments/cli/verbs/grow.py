"""`tenfold grow`: have the next step of a stack weighed and approved."""

from deployments.cli.app import CHANGE_PANEL, app
from deployments.cli.verbs.arguments import Stack


@app.command(rich_help_panel=CHANGE_PANEL)
def grow(stack: Stack) -> None:
    """Have the next step of a stack weighed, and done once you approve it in the UI.

    The run waits on its page for your word; its values can be changed there.
    What is advised and what you changed is done, and all else stays as it is
    by then. A step that no longer fits is refused.

    Examples:
    tenfold grow shop
    """
    from deployments.cli.following.submit import RunRequest, carry_out
    from deployments.cli.installation import open_installation
    from tasks.stack.record import recorded_spec

    with open_installation() as installation:
        recorded_spec(installation.ledger, stack)
        # Not followed: the run waits until somebody approves it in the UI.
        carry_out(installation, RunRequest("grow", {"stack": stack}, (stack,), detach=True))
