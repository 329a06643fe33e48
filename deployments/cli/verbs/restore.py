"""`tenfold restore`: bring a stack's data back to what a backup holds."""

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.app import CHANGE_PANEL, app
from deployments.cli.verbs.arguments import Detach, Stack, Wait

if TYPE_CHECKING:
    from infra_specs.backup.state import Backup

Name = Annotated[
    str, typer.Argument(metavar="BACKUP", help="Its name; the newest proven one if left out.", show_default=False)
]


@app.command(rich_help_panel=CHANGE_PANEL)
def restore(  # noqa: PLR0917 - each option of the verb
    stack: Stack,
    backup: Name = "",
    as_stack: Annotated[str, typer.Option("--as", metavar="NAME", help="Into a new copy of the stack.")] = "",
    unproven: Annotated[bool, typer.Option("--unproven", help="Restore one that is not proven.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Wait = False,
    detach: Detach = False,
) -> None:
    """Bring a stack's data back to what a backup holds.

    It is restored beside the data and compared first. Then the services stop,
    for as long as they take to start again. What was written since the backup
    is gone afterwards. With --as the stack is left alone, and a copy of it is
    made that has the data and no public service. A copy that is there already
    is replaced only if you say so.

    Examples:
    tenfold restore shop
    tenfold restore shop 20261129-031200
    tenfold restore shop --as shop-copy
    """
    from deployments.cli.following.submit import RunRequest, carry_out
    from deployments.cli.installation import open_installation
    from tasks.backups import catalog
    from tasks.stack.record import recorded_spec

    with open_installation() as installation:
        spec, _ = recorded_spec(installation.ledger, stack)
        chosen = catalog.find(catalog.open_vault(installation.ledger, spec, installation.settings.home), stack, backup)
        has_copy = bool(as_stack) and installation.ledger.stacks.find(as_stack) is not None
        if not yes and (has_copy or not as_stack):
            confirm_restore(stack, chosen, as_stack)
        # The name that was shown: a newer one may be there when the run begins.
        parameters = {"stack": stack, "backup": chosen.name, "as_stack": as_stack, "unproven": unproven,
                      "replace": has_copy, "wait": wait}  # fmt: skip
        carry_out(installation, RunRequest("restore", parameters, (as_stack or stack,), detach))


def confirm_restore(stack: str, backup: "Backup", as_stack: str = "") -> None:
    """Ask for the name of the stack, or of its copy `as_stack`, before its data is replaced.

    Raises PlanError for any other answer.
    """
    from rich.text import Text

    from deployments.cli.installation import tenfold
    from deployments.cli.terminal.output import console, say
    from deployments.cli.terminal.questions import ask, can_ask
    from deployments.cli.terminal.words import ago
    from infra_specs.errors import PlanError
    from tasks.base.clock import now

    age = ago(now() - backup.began)
    replaced, copy = as_stack or stack, f" --as {as_stack}" if as_stack else ""
    warning = f"This replaces the data of {replaced} by that of {backup.name}, {age}. What was written since is lost."
    if not can_ask():
        raise PlanError(f"{warning} Say that you mean it: {tenfold()} restore {stack} {backup.name}{copy} --yes")
    say(console(), Text(warning, "bold red"))
    if ask("Type the stack's name to go on") != replaced:
        raise PlanError(f"Nothing was restored: that is not {replaced}.")
