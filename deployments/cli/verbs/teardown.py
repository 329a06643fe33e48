"""`tenfold teardown`: take a stack down."""

from typing import Annotated

import typer

from deployments.cli.app import CHANGE_PANEL, app
from deployments.cli.verbs.arguments import Detach, Stack, Wait


@app.command(rich_help_panel=CHANGE_PANEL)
def teardown(  # noqa: PLR0917 - each option of the verb
    stack: Stack,
    delete_data: Annotated[bool, typer.Option("--delete-data", help="Delete its data too, for ever.")] = False,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Delete it without a last backup.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Wait = False,
    detach: Detach = False,
) -> None:
    """Take a stack down. Its data stays unless you say so.

    Provisioning it again comes back to the data. Before data is deleted, the
    services stop, and a last backup is made and proven; backups stay.

    Examples:
    tenfold teardown shop
    tenfold teardown shop --delete-data
    """
    from deployments.cli.following.submit import RunRequest, carry_out
    from deployments.cli.installation import open_installation
    from tasks.stack.record import recorded_spec

    with open_installation() as installation:
        spec, _ = recorded_spec(installation.ledger, stack)
        if delete_data and not yes:
            confirm_deletion(stack, [str(instance) for instance in installation.observed(spec) if instance.stateful])
        parameters = {"stack": stack, "delete_data": delete_data, "no_backup": no_backup, "wait": wait}
        carry_out(installation, RunRequest("teardown", parameters, (stack,), detach))


def confirm_deletion(stack: str, data: list[str]) -> None:
    """Ask for the stack's name before its data is deleted. Raises PlanError for any other answer."""
    from rich.text import Text

    from deployments.cli.installation import tenfold
    from deployments.cli.terminal.output import console, say
    from deployments.cli.terminal.questions import ask, can_ask
    from infra_specs.errors import PlanError

    if not data:
        return
    warning = f"This deletes the data of {stack} for ever: {', '.join(data)}."
    if not can_ask():
        raise PlanError(f"{warning} Say that you mean it: {tenfold()} teardown {stack} --delete-data --yes")
    say(console(), Text(warning, "bold red"))
    if ask("Type the stack's name to go on") != stack:
        raise PlanError(f"Nothing was deleted: that is not {stack}.")
