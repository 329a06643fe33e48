"""`tenfold debt`: the debts of a stack. They stand in its file alone; this lists them and prints lines for the file."""

from typing import Annotated

import typer

from deployments.cli.app import LOOK_PANEL, App, app
from deployments.cli.verbs.arguments import HIGHEST_NUMBER, FileOrStack, Json

debt = App(
    help="""List the debts of a stack, and print the lines by which its file takes one up or pays it.

    Examples:
    tenfold debt list
    tenfold debt add "One availability zone" --expires 2027-01-31
    tenfold debt pay stack.yaml 1
    """
)
app.add_typer(debt, name="debt", rich_help_panel=LOOK_PANEL)


@debt.command("list")
def list_debts(
    file_or_stack: Annotated[
        str, typer.Argument(metavar="FILE|STACK", help="A spec, or a stack; every stack if left out.")
    ] = "",
    json: Json = False,
) -> None:
    """The debts of a stack, the most urgent first: what, until when, why, the plan, the impact.

    Examples:
    tenfold debt list
    tenfold debt list shop
    tenfold debt list stack.yaml --json
    """
    from deployments.cli.installation import open_installation, resolve_stack
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views import debts as view
    from deployments.cli.views import faults
    from tasks.base.side_by_side import look_at

    with open_installation() as installation:
        if file_or_stack:
            named = resolve_stack(installation.ledger, file_or_stack).stack
            specs = {named.name: lambda: named}
        else:
            specs = {record.name: record.stack for record in installation.ledger.stacks.all() if record.wanted}
        stacks, unread = look_at(specs)
    if json:
        print_json({"stacks": view.data(stacks.values()), **faults.data(unread)})
    else:
        view.show(console(), tuple(stacks.values()))
        faults.show(unread)
    faults.exit_if_any(unread)


@debt.command("add")
def add_debt(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="What is left undone.")],
    expires: Annotated[str, typer.Option("--expires", metavar="DAY", help="When it must be looked at again.")] = "",
    why: Annotated[str, typer.Option("--why", help="Why that is right now.")] = "",
    plan: Annotated[str, typer.Option("--plan", help="How it will be paid back.")] = "",
    impact: Annotated[str, typer.Option("--impact", help="What happens if it is not.")] = "",
) -> None:
    """Print the lines of a debt, to be put below `debts:` in a stack's file. Changes nothing.

    Examples:
    tenfold debt add "One availability zone" --expires 2027-01-31 --why "launch in a week" \\
    --plan "a second zone" --impact "a zone's outage is ours"
    """
    from infra_specs.overview.debts import debt_of, file_lines

    new = debt_of(what=what, expires=expires, why=why, plan=plan, impact=impact)
    print(f"debts:\n{file_lines(new)}", end="")


@debt.command("pay")
def pay_debt(
    file_or_stack: FileOrStack,
    number: Annotated[
        int,
        typer.Argument(
            metavar="NUMBER", min=1, max=HIGHEST_NUMBER, help="Which one, as `tenfold debt list` numbers them."
        ),
    ],
) -> None:
    """Print the lines of a debt that is paid, to be taken out of `debts:` in the stack's file. Changes nothing.

    Examples:
    tenfold debt pay stack.yaml 1
    """
    from deployments.cli.installation import open_installation, resolve_stack, tenfold
    from deployments.cli.terminal.output import console, say
    from infra_specs.overview.debts import file_lines, numbered

    with open_installation() as installation:
        stack = resolve_stack(installation.ledger, file_or_stack).stack
    paid = numbered(stack, number)
    say(
        console(error=True), f"Take these lines out of `debts:` in {stack.name}'s file, and: {tenfold()} provision FILE"
    )
    print(file_lines(paid), end="")
