"""`tenfold autoscale`: check the replicas of every service now."""

from deployments.cli.app import CHANGE_PANEL, app
from deployments.cli.verbs.arguments import Detach


@app.command(rich_help_panel=CHANGE_PANEL)
def autoscale(detach: Detach = False) -> None:
    """Check now whether every service has the replicas that its users need.

    A schedule does the same every few seconds. What is decided is kept:
    [bold]tenfold why[/bold].

    Examples:
    tenfold autoscale
    """
    from deployments.cli.following.submit import RunRequest, carry_out
    from deployments.cli.installation import open_installation

    with open_installation() as installation:
        carry_out(installation, RunRequest("autoscale", {}, (), detach))
